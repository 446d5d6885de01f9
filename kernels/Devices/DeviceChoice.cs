namespace HunyuanOrleans.Kernels.Devices;

/// <summary>A device that a model can be opened on.</summary>
/// <param name="Name">Its name on this machine, such as cuda:0.</param>
/// <param name="Description">What it is, for display.</param>
/// <param name="Kind">What computes: only devices of one kind compute the same bits.</param>
/// <param name="FreeBytes">Its memory that was free when it was asked.</param>
/// <param name="Open">Opens the device. The caller disposes it.</param>
public sealed record DeviceChoice(string Name, string Description, string Kind, long FreeBytes, Func<IComputeDevice> Open);
