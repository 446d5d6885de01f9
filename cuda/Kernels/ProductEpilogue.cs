using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>What becomes of the sums of a product.</summary>
internal static class ProductEpilogue
{
    /// <summary>Stores them as bf16.</summary>
    public const int Bf16 = 0;

    /// <summary>Stores them as float32.</summary>
    public const int Float32 = 1;

    /// <summary>Adds them to float32 results, rounded once.</summary>
    public const int AddToFloat32 = 2;

    /// <summary>Stores silu(gate) * up as bf16.</summary>
    public const int SwiGluBf16 = 3;

    /// <summary>Stores silu(gate) * up as float32.</summary>
    public const int SwiGluFloat32 = 4;

    /// <summary>Whether rows of weights are pairs of gate and up.</summary>
    public static bool IsPaired(int epilogue) => epilogue >= SwiGluBf16;

    /// <summary>Whether results are bf16.</summary>
    public static bool IsBf16(int epilogue) => epilogue == Bf16 || epilogue == SwiGluBf16;

    /// <summary>Stores a result, if its row is in the matrix.</summary>
    public static void Store(ProductArguments arguments, ulong token, int row, float value)
    {
        if (row >= arguments.Rows)
        {
            return;
        }

        if (IsBf16(arguments.Epilogue))
        {
            Ptx.StoreShort(token + ((ulong)row * 2), Ptx.ToBf16Pair(value, 0f));
            return;
        }

        ulong address = token + ((ulong)row * 4);
        if (arguments.Epilogue == AddToFloat32)
        {
            value = Ptx.Add(Ptx.LoadFloat(address), value);
        }

        Ptx.StoreFloat(address, value);
    }

    /// <summary>Stores the results of an even row and the next, bf16 ones as one word.</summary>
    public static void StorePair(ProductArguments arguments, ulong token, int row, float value, float next)
    {
        if (IsBf16(arguments.Epilogue) && row + 1 < arguments.Rows)
        {
            Ptx.StoreUint(token + ((ulong)row * 2), Ptx.ToBf16Pair(value, next));
            return;
        }

        Store(arguments, token, row, value);
        Store(arguments, token, row + 1, next);
    }
}
