using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>Runs rows of other devices through the experts of a simulated device.</summary>
internal sealed class SimulatedExperts(SimulatedDevice device) : IExpertRunner
{
    private readonly SimulatedRows _input = new(device.Options.MaxBatchTokens * device.TopK, device.ExpertRowLength);
    private readonly SimulatedRows _output = new(device.Options.MaxBatchTokens * device.TopK, device.ExpertRowLength);

    /// <inheritdoc/>
    public IRowBuffer Input => _input;

    /// <inheritdoc/>
    public IRowBuffer Output => _output;

    /// <inheritdoc/>
    public void Run(int layer, int firstExpert, ReadOnlySpan<int> counts, AdapterRows? adapters = null)
    {
        SimulatedDevice.Refuse(adapters);
        device.RunExperts(layer, firstExpert, counts, default, _input, _output);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
