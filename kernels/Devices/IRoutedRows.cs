namespace HunyuanOrleans.Kernels.Devices;

/// <summary>
/// The experts chosen for the tokens of a step, and the order of the rows sent to them: sorted by expert, then by token, so that the rows of one expert
/// are consecutive. The object is reused between steps. Reading a span may have to wait for the device.
/// </summary>
public interface IRoutedRows : IRowGroups, IDisposable
{
    /// <summary>Number of tokens in the step.</summary>
    int Tokens { get; }

    /// <summary>Number of experts per token.</summary>
    int TopK { get; }

    /// <summary>Number of rows sent to experts: tokens * top-k.</summary>
    int Rows { get; }

    /// <summary>The experts of a token, ascending.</summary>
    ReadOnlySpan<int> ExpertsOf(int token);

    /// <summary>The routing weights of a token's experts, in the order of <see cref="ExpertsOf"/>.</summary>
    ReadOnlySpan<float> WeightsOf(int token);

    /// <summary>The token of each row sent to an expert, [<see cref="Rows"/>].</summary>
    ReadOnlySpan<int> TokensOfRows { get; }

    /// <summary>Begins a layer. With <paramref name="topK"/> = 0 no expert is chosen; otherwise <see cref="IExpertSelector.Run"/> comes next.</summary>
    void Begin(int tokens, int topK);
}
