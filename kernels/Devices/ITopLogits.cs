namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Selects the largest logits of rows on a device, so that the host need not copy whole rows.</summary>
public interface ITopLogits : IDisposable
{
    /// <summary>Most logits that it selects of a row.</summary>
    int MaxCount { get; }

    /// <summary>Selects the largest logits of each row and waits for the result.</summary>
    /// <param name="logits">float32 [rows, vocabulary].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="count">Number of logits to select, 1 to <see cref="MaxCount"/>.</param>
    /// <param name="result">Receives an entry for each row, valid until the next call.</param>
    void Select(IActivation logits, int rows, int count, Span<LargestLogits> result);
}
