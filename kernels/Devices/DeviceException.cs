namespace HunyuanOrleans.Kernels.Devices;

/// <summary>A device cannot be used, has not enough memory or cannot compute something. The message is for users.</summary>
public class DeviceException : Exception
{
    /// <summary>Creates the exception.</summary>
    public DeviceException(string message)
        : base(message)
    {
    }
}
