using System.Diagnostics;
using System.Globalization;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>Options of a <see cref="SimulatedDevice"/>.</summary>
public sealed record SimulationOptions
{
    // The status of a process that SIGKILL ended, as the out-of-memory killer does.
    private const int Killed = 137;

    /// <summary>The device that is simulated.</summary>
    public required SimulatedHardware Hardware { get; init; }

    /// <summary>Real seconds for each simulated second. Default 1: real time. With a lower value, the overhead of everything that is not simulated weighs more.</summary>
    public double TimeScale { get; init; } = 1;

    /// <summary>
    /// How unevenly experts are chosen: the n-th most popular expert of a layer is chosen in proportion to n to the power of minus this value. Default 0:
    /// all alike.
    /// </summary>
    public double ExpertSkew { get; init; }

    /// <summary>Called when the device's memory is exceeded. Default: ends the process at once, as the system does when memory runs out.</summary>
    public Action<DeviceMemory> OutOfMemory { get; init; } = EndProcess;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">A value is out of range.</exception>
    public void Validate()
    {
        if (!(TimeScale is >= 0.001 and <= 1000))
        {
            throw new ModelException(FormattableString.Invariant($"{nameof(TimeScale)} is {TimeScale}; allowed: 0.001 to 1000."));
        }

        if (!(ExpertSkew is >= 0 and <= 10))
        {
            throw new ModelException(FormattableString.Invariant($"{nameof(ExpertSkew)} is {ExpertSkew}; allowed: 0 to 10."));
        }
    }

    private static void EndProcess(DeviceMemory memory)
    {
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"The simulated device is out of memory: {memory.Weights} bytes of weights, {memory.Kv} of K/V, {memory.Staging} of loads and {memory.Scratch} of steps exceed {memory.Capacity}."));
        if (OperatingSystem.IsLinux())
        {
            Process.GetCurrentProcess().Kill();
        }

        Environment.Exit(Killed);
    }
}
