namespace HunyuanOrleans.Train.Layers;

/// <summary>The weights of one layer.</summary>
public sealed class Layer
{
    /// <summary>Norm before attention.</summary>
    public required Norm InputNorm { get; init; }

    /// <summary>Norm before the MLP.</summary>
    public required Norm MiddleNorm { get; init; }

    /// <summary>Norm of each query head; null without qk-norm.</summary>
    public required Norm? QueryNorm { get; init; }

    /// <summary>Norm of each key head; null without qk-norm.</summary>
    public required Norm? KeyNorm { get; init; }

    /// <summary>Query projection.</summary>
    public required Linear Query { get; init; }

    /// <summary>Key projection; null in a layer that uses the keys of the first layer of its group.</summary>
    public required Linear? Key { get; init; }

    /// <summary>Value projection; null in a layer that uses the values of the first layer of its group.</summary>
    public required Linear? Value { get; init; }

    /// <summary>Output projection.</summary>
    public required Linear Output { get; init; }

    /// <summary>The plain MLP, or the shared expert; null if the layer has neither.</summary>
    public required Mlp? Shared { get; init; }

    /// <summary>The router, [experts, hidden]; null without experts.</summary>
    public required Linear? Router { get; init; }

    /// <summary>Added to the scores of sigmoid routers for the choice of experts, [experts]; empty without. It is never trained.</summary>
    public required float[] RouterBias { get; init; }

    /// <summary>The experts; empty without.</summary>
    public required IReadOnlyList<Mlp> Experts { get; init; }

    /// <summary>Experts per token.</summary>
    public required int TopK { get; init; }
}
