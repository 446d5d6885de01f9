using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>Converts token ids to rows of the residual stream.</summary>
internal sealed class TokenEmbedding(ModelConfig config)
{
    /// <summary>The rows of the embedding; null while it is not installed.</summary>
    public IEmbeddingTable? Table { get; set; }

    /// <summary>Writes the embedding of each token to the rows of x, float32 [tokens, hidden].</summary>
    /// <exception cref="MissingPieceException">The embedding is not installed.</exception>
    /// <exception cref="ModelException">A token id is outside the vocabulary.</exception>
    public void Embed(ReadOnlySpan<int> tokens, IActivation x)
    {
        IEmbeddingTable table = Table ?? throw new MissingPieceException(ModelPiece.Embedding);
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)config.VocabSize)
            {
                throw new ModelException($"Token id {token} is outside the vocabulary; allowed: 0 to {config.VocabSize - 1}.");
            }
        }

        table.Embed(tokens, x);
    }
}
