using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// Converts token ids to rows of the residual stream. Rows are read one by one from the mapped checkpoint; the embedding is never copied
/// as a whole.
/// </summary>
internal sealed class TokenEmbedding(ModelConfig config)
{
    /// <summary>The rows of the embedding; null while it is not installed. The checkpoint must stay open as long as they are set.</summary>
    public RowSource? Rows { get; set; }

    /// <summary>Writes the embedding of each token to the rows of x, float32 [tokens, hidden].</summary>
    /// <exception cref="MissingPieceException">The embedding is not installed.</exception>
    /// <exception cref="ModelException">A token id is outside the vocabulary.</exception>
    public void Embed(ReadOnlySpan<int> tokens, Activation x)
    {
        RowSource rows = Rows ?? throw new MissingPieceException(ModelPiece.Embedding);
        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)config.VocabSize)
            {
                throw new ModelException($"Token id {tokens[i]} is outside the vocabulary; allowed: 0 to {config.VocabSize - 1}.");
            }

            rows.ReadRow(tokens[i], x.Row(i));
        }
    }
}
