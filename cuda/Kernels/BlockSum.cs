using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Sums over lanes and threads in an order that depends on their number alone.</summary>
internal static class BlockSum
{
    /// <summary>The sum of a value over the lanes of the warp, the same bits in each.</summary>
    public static float OfWarp(float value)
    {
        value = Ptx.Add(value, Ptx.ShuffleXor(value, 16));
        value = Ptx.Add(value, Ptx.ShuffleXor(value, 8));
        value = Ptx.Add(value, Ptx.ShuffleXor(value, 4));
        value = Ptx.Add(value, Ptx.ShuffleXor(value, 2));
        return Ptx.Add(value, Ptx.ShuffleXor(value, 1));
    }

    /// <summary>The sum of a value over the threads of the block, the same bits in each. All threads must take part.</summary>
    /// <param name="value">The thread's value.</param>
    /// <param name="warps">Warps of the block.</param>
    /// <param name="shared">Shared memory of 4 bytes for each warp.</param>
    public static float OfBlock(float value, int warps, uint shared)
    {
        value = OfWarp(value);
        int thread = Ptx.Thread();
        if (thread % 32 == 0)
        {
            Ptx.StoreSharedFloat(shared + ((uint)(thread / 32) * 4), value);
        }

        Ptx.Barrier();
        float sum = Ptx.LoadSharedFloat(shared);
        for (int warp = 1; warp < warps; warp++)
        {
            sum = Ptx.Add(sum, Ptx.LoadSharedFloat(shared + ((uint)warp * 4)));
        }

        return sum;
    }
}
