using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Model.Devices;

/// <summary>
/// Runs rows through a device's experts for a step that another device computes. Its calls must not overlap with any other call that
/// computes on the device. It knows neither the tokens behind the rows nor their routing weights.
/// </summary>
public interface IExpertRunner : IDisposable
{
    /// <summary>
    /// The rows to compute, [<see cref="Loading.ModelOptions.MaxBatchTokens"/> * top-k, hidden] in the mode's element type. The caller
    /// writes the rows; the runner owns the buffer.
    /// </summary>
    IRowBuffer Input { get; }

    /// <summary>The experts' outputs, one row for each row of <see cref="Input"/>; owned by the runner.</summary>
    IRowBuffer Output { get; }

    /// <summary>
    /// Runs consecutive rows of <see cref="Input"/>: counts[0] for expert firstExpert, counts[1] for the next, and so on.
    /// </summary>
    /// <param name="layer">Layer number within the model.</param>
    /// <param name="firstExpert">Number of the first expert.</param>
    /// <param name="counts">Rows for each expert. An expert with 0 rows need not be installed.</param>
    /// <param name="adapters">The adapters of the rows; null (default): no row has one.</param>
    /// <exception cref="ModelException">
    /// An expert with rows is not installed, or one of its adapters is not loaded for it (<see cref="Parts.MissingPieceException"/>), the layer or expert does not exist, or there are too
    /// many rows. Nothing was computed.
    /// </exception>
    void Run(int layer, int firstExpert, ReadOnlySpan<int> counts, AdapterRows? adapters = null);
}
