using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Grains.Messages;

/// <summary>What a silo's device is used for.</summary>
/// <param name="BusySeconds">Seconds that the device has computed since it was opened; simulated seconds for a simulated device.</param>
/// <param name="UsedBytes">Bytes of its memory in use: weights, K/V, buffers of loads and of steps.</param>
/// <param name="PeakBytes">The most bytes in use since it was opened.</param>
/// <param name="CapacityBytes">Bytes that it has; 0 if that is not known.</param>
/// <param name="LoadedBytes">Bytes of all weights that were loaded since the silo started, those that were dropped again included.</param>
/// <param name="LoadSeconds">Seconds in which at least one piece was being loaded; simulated seconds for a simulated device.</param>
/// <param name="LoadingBytesLeft">Bytes of weights that wait or are being loaded.</param>
/// <param name="LoadSecondsLeft">
/// Seconds that loading them takes at the speed so far, real seconds for a simulated device too: callers wait that long. Null while nothing was loaded.
/// </param>
[GenerateSerializer, Immutable, Alias("hunyuan.device.report")]
public sealed record DeviceReport(
    [property: Id(0)] double BusySeconds,
    [property: Id(1)] long UsedBytes,
    [property: Id(2)] long PeakBytes,
    [property: Id(3)] long CapacityBytes,
    [property: Id(4)] long LoadedBytes,
    [property: Id(5)] double LoadSeconds,
    [property: Id(6)] long LoadingBytesLeft,
    [property: Id(7)] double? LoadSecondsLeft)
{
    /// <summary>The report of a host's device; null if nothing was loaded and nothing is being loaded.</summary>
    /// <param name="parts">The device; null before the first load.</param>
    /// <param name="loads">The measure of the host's loads.</param>
    /// <param name="timeScale">Real seconds for each simulated second; 1 for a device that is not simulated.</param>
    internal static DeviceReport? Of(ModelParts? parts, LoadMeter loads, double timeScale)
    {
        long left = loads.BytesLeft;
        if (parts is null && left == 0)
        {
            return null;
        }

        DeviceMemory memory = parts?.Device.Memory ?? default;
        return new DeviceReport(
            parts is null ? 0 : parts.Thread.BusySeconds / timeScale,
            memory.Used,
            memory.Peak,
            memory.Capacity,
            loads.LoadedBytes,
            loads.Elapsed.TotalSeconds / timeScale,
            left,
            loads.TimeLeft?.TotalSeconds);
    }
}
