using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Kernels that treat each row by itself.</summary>
internal static class RowKernels
{
    /// <summary>Columns that a block of <see cref="AddWeightedRows"/> treats.</summary>
    public const int ColumnsPerBlock = Threads * 4;

    private const int Threads = 256;

    /// <summary>x[row] += bias. One block for each row.</summary>
    /// <param name="x">float32 rows.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="bias">float32 [columns].</param>
    /// <param name="columns">Columns of a row.</param>
    [Kernel(threads: Threads)]
    public static void AddBias(ulong x, int stride, ulong bias, int columns)
    {
        ulong row = x + ((ulong)Ptx.BlockX() * (ulong)stride);
        for (int i = Ptx.Thread(); i < columns; i += Threads)
        {
            ulong at = row + ((ulong)i * 4);
            Ptx.StoreFloat(at, Ptx.Add(Ptx.LoadFloat(at), Ptx.LoadFloat(bias + ((ulong)i * 4))));
        }
    }

    /// <summary>Copies row rows[i] of x to row i of y, bit by bit. One block for each row.</summary>
    /// <param name="x">Rows of any type, in another buffer than y.</param>
    /// <param name="xStride">Bytes from row to row of x.</param>
    /// <param name="rows">int [number of blocks].</param>
    /// <param name="y">Rows of the same type.</param>
    /// <param name="yStride">Bytes from row to row of y.</param>
    /// <param name="bytes">Bytes of a row, a multiple of 2.</param>
    [Kernel(threads: Threads)]
    public static void GatherRows(ulong x, int xStride, ulong rows, ulong y, int yStride, int bytes)
    {
        int row = Ptx.BlockX();
        x = RowElements.Row(x, xStride, Ptx.LoadInt(rows + ((ulong)(uint)row * 4)));
        y = RowElements.Row(y, yStride, row);
        int thread = Ptx.Thread();
        for (int at = thread * 16; at + 16 <= bytes; at += Threads * 16)
        {
            Ptx.StoreUint4(y + (uint)at, Ptx.LoadStream(x + (uint)at));
        }

        int tail = (bytes & ~15) + (thread * 2);
        if (tail < bytes)
        {
            Ptx.StoreShort(y + (uint)tail, Ptx.LoadShort(x + (uint)tail));
        }
    }

    /// <summary>Writes row tokens[i] of a table to row i of y as float32. One block for each row.</summary>
    /// <param name="table">Rows.</param>
    /// <param name="tableStride">Bytes from row to row of the table.</param>
    /// <param name="bf16">1 if the table is bf16, 0 if it is float32.</param>
    /// <param name="tokens">int [number of blocks].</param>
    /// <param name="y">float32 rows for the result.</param>
    /// <param name="yStride">Bytes from row to row of y.</param>
    /// <param name="columns">Columns of a row.</param>
    [Kernel(threads: Threads)]
    public static void EmbedTokens(ulong table, int tableStride, int bf16, ulong tokens, ulong y, int yStride, int columns)
    {
        int row = Ptx.BlockX();
        table = RowElements.Row(table, tableStride, Ptx.LoadInt(tokens + ((ulong)(uint)row * 4)));
        y = RowElements.Row(y, yStride, row);
        for (int quad = Ptx.Thread(); quad * 4 < columns; quad += Threads)
        {
            RowElements.StoreQuad(y, 0, quad, columns, RowElements.LoadQuad(table, bf16, quad));
        }
    }

    /// <summary>
    /// y[t] += sum over i of weights[t, i] * x[rows[t, i]], in the order of i. A block for each token and each <see cref="ColumnsPerBlock"/> columns.
    /// </summary>
    /// <param name="x">Rows to add.</param>
    /// <param name="xStride">Bytes from row to row of x.</param>
    /// <param name="bf16">1 if x is bf16, 0 if it is float32.</param>
    /// <param name="rows">int [tokens, perToken].</param>
    /// <param name="weights">float32 [tokens, perToken].</param>
    /// <param name="perToken">Rows added to each token.</param>
    /// <param name="y">float32 rows.</param>
    /// <param name="yStride">Bytes from row to row of y.</param>
    /// <param name="columns">Columns of a row.</param>
    [Kernel(threads: Threads)]
    public static void AddWeightedRows(
        ulong x, int xStride, int bf16, ulong rows, ulong weights, int perToken, ulong y, int yStride, int columns)
    {
        int token = Ptx.BlockX();
        int quad = (Ptx.BlockY() * Threads) + Ptx.Thread();
        if (quad * 4 < columns)
        {
            y = RowElements.Row(y, yStride, token);
            Float4 sum = RowElements.LoadQuad(y, 0, quad);
            for (int i = 0; i < perToken; i++)
            {
                ulong at = ((ulong)(uint)token * (uint)perToken) + (uint)i;
                float weight = Ptx.LoadFloat(weights + (at * 4));
                Float4 value = RowElements.LoadQuad(RowElements.Row(x, xStride, Ptx.LoadInt(rows + (at * 4))), bf16, quad);
                sum.A = Ptx.MultiplyAdd(weight, value.A, sum.A);
                sum.B = Ptx.MultiplyAdd(weight, value.B, sum.B);
                sum.C = Ptx.MultiplyAdd(weight, value.C, sum.C);
                sum.D = Ptx.MultiplyAdd(weight, value.D, sum.D);
            }

            RowElements.StoreQuad(y, 0, quad, columns, sum);
        }
    }
}
