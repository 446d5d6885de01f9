using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>Counts the operations of products with a model's weight matrices. Attention over the context is not included.</summary>
internal static class MatrixOperations
{
    private const double OperationsPerWeight = 2;

    /// <summary>Floating point operations to process a prompt of <paramref name="tokens"/> tokens and compute the logits of one of them.</summary>
    public static double Prefill(ModelConfig config, int tokens)
    {
        double head = (double)config.VocabSize * config.HiddenSize;
        double embeddings = config.TieWordEmbeddings ? head : 2 * head;
        return OperationsPerWeight * ((tokens * (config.ParameterCount.Active - embeddings)) + head);
    }
}
