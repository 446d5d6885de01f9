using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>What a silo's device is used for.</summary>
/// <param name="BusySeconds">Seconds that the device has computed since it was opened; simulated seconds for a simulated device.</param>
/// <param name="UsedBytes">Bytes of its memory in use: weights, K/V, buffers of loads and of steps.</param>
/// <param name="PeakBytes">The most bytes in use since it was opened.</param>
/// <param name="CapacityBytes">Bytes that it has; 0 if that is not known.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.device.report")]
public sealed record DeviceReport(
    [property: Id(0)] double BusySeconds, [property: Id(1)] long UsedBytes, [property: Id(2)] long PeakBytes, [property: Id(3)] long CapacityBytes)
{
    /// <summary>The report of a host's device; null if nothing was loaded.</summary>
    internal static DeviceReport? Of(ModelHost.Parts? parts)
    {
        if (parts is null)
        {
            return null;
        }

        DeviceMemory memory = parts.Device.Memory;
        return new DeviceReport(parts.BusySeconds, memory.Used, memory.Peak, memory.Capacity);
    }
}
