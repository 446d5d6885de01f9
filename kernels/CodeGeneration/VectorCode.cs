using Iced.Intel;
using static HunyuanOrleans.Kernels.CodeGeneration.AssemblerExtensions;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>Writes vector instructions for registers by number, with 256 or 512 bits, so that one generator serves both widths.</summary>
/// <param name="wide">Whether vectors have 512 bits.</param>
internal sealed class VectorCode(bool wide)
{
    /// <summary>The assembler, for all other instructions. With 256 bits it encodes for processors without AVX-512.</summary>
    public Assembler C { get; } = new(64) { PreferVex = !wide };

    /// <summary>Bytes of a vector.</summary>
    public int Bytes { get; } = wide ? 64 : 32;

    /// <summary>Number of vector registers.</summary>
    public int Registers { get; } = wide ? 32 : 16;

    /// <summary>Loads a vector.</summary>
    public void Load(int target, AssemblerMemoryOperand source)
    {
        if (wide)
        {
            C.vmovups(Zmm[target], source);
        }
        else
        {
            C.vmovups(Ymm[target], source);
        }
    }

    /// <summary>Stores a vector.</summary>
    public void Store(AssemblerMemoryOperand target, int source)
    {
        if (wide)
        {
            C.vmovups(target, Zmm[source]);
        }
        else
        {
            C.vmovups(target, Ymm[source]);
        }
    }

    /// <summary>Clears a register.</summary>
    public void Zero(int target)
    {
        if (wide)
        {
            C.vpxord(Zmm[target], Zmm[target], Zmm[target]);
        }
        else
        {
            C.vpxor(Ymm[target], Ymm[target], Ymm[target]);
        }
    }

    /// <summary>Loads four bytes to all lanes.</summary>
    public void Broadcast(int target, AssemblerMemoryOperand source)
    {
        if (wide)
        {
            C.vbroadcastss(Zmm[target], source);
        }
        else
        {
            C.vbroadcastss(Ymm[target], source);
        }
    }

    /// <summary>sum += a * b with a single rounding, in float32.</summary>
    public void MultiplyAdd(int sum, int a, int b)
    {
        if (wide)
        {
            C.vfmadd231ps(Zmm[sum], Zmm[a], Zmm[b]);
        }
        else
        {
            C.vfmadd231ps(Ymm[sum], Ymm[a], Ymm[b]);
        }
    }

    /// <summary>Adds the products of four unsigned bytes of w and four signed bytes of x to each 32-bit sum.</summary>
    public void AddByteProducts(int sum, int w, int x)
    {
        if (wide)
        {
            C.vpdpbusd(Zmm[sum], Zmm[w], Zmm[x]);
        }
        else
        {
            C.vpdpbusd(Ymm[sum], Ymm[w], Ymm[x]);
        }
    }

    /// <summary>Shifts 32-bit lanes to the left.</summary>
    public void ShiftLeft(int target, byte bits)
    {
        if (wide)
        {
            C.vpslld(Zmm[target], Zmm[target], bits);
        }
        else
        {
            C.vpslld(Ymm[target], Ymm[target], bits);
        }
    }

    /// <summary>Shifts 32-bit lanes to the right and copies the sign.</summary>
    public void ShiftRightSigned(int target, byte bits)
    {
        if (wide)
        {
            C.vpsrad(Zmm[target], Zmm[target], bits);
        }
        else
        {
            C.vpsrad(Ymm[target], Ymm[target], bits);
        }
    }

    /// <summary>target = a and b.</summary>
    public void And(int target, int a, int b)
    {
        if (wide)
        {
            C.vpandd(Zmm[target], Zmm[a], Zmm[b]);
        }
        else
        {
            C.vpand(Ymm[target], Ymm[a], Ymm[b]);
        }
    }

    /// <summary>target = a and memory.</summary>
    public void And(int target, int a, AssemblerMemoryOperand b)
    {
        if (wide)
        {
            C.vpandd(Zmm[target], Zmm[a], b);
        }
        else
        {
            C.vpand(Ymm[target], Ymm[a], b);
        }
    }

    /// <summary>Writes data: a vector with the same value in all lanes.</summary>
    public void Data(uint value)
    {
        for (int i = 0; i < Bytes / sizeof(uint); i++)
        {
            C.dd(value);
        }
    }
}
