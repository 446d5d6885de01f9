using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Kernels that treat each row by itself.</summary>
internal static class RowKernels
{
    /// <summary>x[row] += bias. One block for each row.</summary>
    /// <param name="x">float32 rows.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="bias">float32 [columns].</param>
    /// <param name="columns">Columns of a row.</param>
    [Kernel(threads: 256)]
    public static void AddBias(ulong x, int stride, ulong bias, int columns)
    {
        ulong row = x + ((ulong)Ptx.BlockX() * (ulong)stride);
        for (int i = Ptx.Thread(); i < columns; i += 256)
        {
            ulong at = row + ((ulong)i * 4);
            Ptx.StoreFloat(at, Ptx.Add(Ptx.LoadFloat(at), Ptx.LoadFloat(bias + ((ulong)i * 4))));
        }
    }
}
