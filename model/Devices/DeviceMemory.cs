namespace HunyuanOrleans.Model.Devices;

/// <summary>What the memory of a device is used for, in bytes.</summary>
/// <param name="Weights">Weights of pieces, installed or being loaded.</param>
/// <param name="Kv">K/V memory of attention pieces.</param>
/// <param name="Staging">Buffers of loads in progress.</param>
/// <param name="Scratch">Buffers of steps.</param>
/// <param name="Peak">The largest sum of all of these since the device was opened.</param>
/// <param name="Capacity">What the device has; 0 if it is not known.</param>
public readonly record struct DeviceMemory(long Weights, long Kv, long Staging, long Scratch, long Peak, long Capacity)
{
    /// <summary>Bytes in use.</summary>
    public long Used => Weights + Kv + Staging + Scratch;
}
