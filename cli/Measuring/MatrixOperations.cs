using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>How much multiplying a model's weight matrices take; attention over the context comes on top and is not counted.</summary>
internal static class MatrixOperations
{
    private const double OperationsPerWeight = 2;

    /// <summary>Floating point operations for a prompt of <paramref name="tokens"/>, of which one gets logits.</summary>
    public static double Prefill(ModelConfig config, int tokens)
    {
        double head = (double)config.VocabSize * config.HiddenSize;
        double embeddings = config.TieWordEmbeddings ? head : 2 * head;
        return OperationsPerWeight * ((tokens * (config.ParameterCount.Active - embeddings)) + head);
    }
}
