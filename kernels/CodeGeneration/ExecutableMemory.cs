using System.Runtime.InteropServices;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>Page-aligned memory with machine code. It is first writable and then executable, never both at once (W^X).</summary>
internal sealed unsafe class ExecutableMemory : IDisposable
{
    private const int Read = 1;
    private const int Write = 2;
    private const int Execute = 4;
    private const int PrivateAnonymous = 0x22;
    private readonly nuint _size;
    private byte* _address;

    /// <summary>Copies <paramref name="code"/> to new memory and makes that memory executable and read-only.</summary>
    /// <exception cref="PlatformNotSupportedException">The system refuses executable memory, as hardened kernels do.</exception>
    public ExecutableMemory(ReadOnlySpan<byte> code)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        _size = ((nuint)code.Length + page - 1) / page * page;
        void* address = Map(null, _size, Read | Write, PrivateAnonymous, -1, 0);
        if ((nint)address == -1)
        {
            throw new PlatformNotSupportedException("The system could not allocate memory for generated code.");
        }

        _address = (byte*)address;
        code.CopyTo(new Span<byte>(_address, code.Length));
        if (Protect(_address, _size, Read | Execute) != 0)
        {
            Dispose();
            throw new PlatformNotSupportedException("The system refuses executable memory.");
        }
    }

    /// <summary>Whether the system allows executable memory. It runs one instruction in such memory.</summary>
    public static bool IsAllowed()
    {
        try
        {
            // ret
            using ExecutableMemory code = new([0xC3]);
            ((delegate* unmanaged<void>)code.Address)();
            return true;
        }
        catch (PlatformNotSupportedException)
        {
            return false;
        }
    }

    /// <summary>Address of the code. Valid until disposed.</summary>
    public nint Address => (nint)_address;

    /// <summary>Unmaps the code. No thread may be running it.</summary>
    public void Dispose()
    {
        if (_address is not null)
        {
            _ = Unmap(_address, _size);
            _address = null;
        }
    }

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern void* Map(void* address, nuint size, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect")]
    private static extern int Protect(void* address, nuint size, int protection);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int Unmap(void* address, nuint size);
}
