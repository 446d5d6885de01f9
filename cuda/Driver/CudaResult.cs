namespace HunyuanOrleans.Cuda.Driver;

/// <summary>The results of CUDA's driver that are told apart, as cuda.h numbers them.</summary>
internal static class CudaResult
{
    public const int Success = 0;
    public const int OutOfMemory = 2;
    public const int NoDevice = 100;

    private const int EccUncorrectable = 214;
    private const int NvlinkUncorrectable = 220;
    private const int Contained = 226;
    private const int IllegalAddress = 700;
    private const int LaunchTimeout = 702;
    private const int ContextIsDestroyed = 709;
    private const int Assert = 710;
    private const int HardwareStackError = 714;
    private const int IllegalInstruction = 715;
    private const int MisalignedAddress = 716;
    private const int InvalidAddressSpace = 717;
    private const int InvalidProgramCounter = 718;
    private const int LaunchFailed = 719;
    private const int TensorMemoryLeak = 721;

    /// <summary>Whether every later call of the process returns the same error: its context is lost.</summary>
    public static bool IsSticky(int result) => result
        is EccUncorrectable or NvlinkUncorrectable or Contained or IllegalAddress or LaunchTimeout or ContextIsDestroyed or Assert or HardwareStackError
        or IllegalInstruction or MisalignedAddress or InvalidAddressSpace or InvalidProgramCounter or LaunchFailed or TensorMemoryLeak;
}
