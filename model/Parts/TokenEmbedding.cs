using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// The near end of the residual stream: token ids become rows, read one by one from the mapped checkpoint and never copied whole. It
/// does not know what made the ids.
/// </summary>
internal sealed class TokenEmbedding(ModelConfig config)
{
    /// <summary>The rows; null where they are not held. The checkpoint stays open as long as they are.</summary>
    public RowSource? Rows { get; set; }

    /// <summary>Writes the embedding of each token to the rows of x, float32 [tokens, hidden].</summary>
    /// <exception cref="ModelException">An id is outside the vocabulary, or the embedding is not held.</exception>
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
