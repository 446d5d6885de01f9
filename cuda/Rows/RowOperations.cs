using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Rows;

/// <summary>
/// Submits operations on rows to a stream. The result of a row depends on that row alone, whatever the number of rows. Lists of row numbers, tokens and
/// weights are in device memory; the caller has checked that they are inside the buffers.
/// </summary>
/// <param name="driver">The driver.</param>
/// <param name="loader">Loads the kernels.</param>
/// <param name="stream">The stream.</param>
internal sealed class RowOperations(ICudaDriver driver, KernelLoader loader, nint stream)
{
    private readonly CudaFunction _norm = new(driver, loader, RowNormKernels.NormRows, RowNormKernels.SharedBytes);
    private readonly CudaFunction _addBias = new(driver, loader, RowKernels.AddBias);
    private readonly CudaFunction _gather = new(driver, loader, RowKernels.GatherRows);
    private readonly CudaFunction _embed = new(driver, loader, RowKernels.EmbedTokens);
    private readonly CudaFunction _addWeighted = new(driver, loader, RowKernels.AddWeightedRows);

    /// <summary>Normalises rows: y = w * x / sqrt(mean(x²) + eps), computed in float32 and stored in the type of y.</summary>
    /// <param name="x">float32 [rows, hidden]; may be the same object as <paramref name="y"/> if <paramref name="xRow"/> is 0.</param>
    /// <param name="xRow">First row read.</param>
    /// <param name="rows">Number of rows; the results go to rows 0, 1, … of y.</param>
    /// <param name="weight">float32, one row of hidden columns.</param>
    /// <param name="eps">Added to the mean of the squares.</param>
    /// <param name="y">Receives the result, [rows, hidden].</param>
    /// <param name="copy">Receives the values that y holds after rounding, as float32; may be null.</param>
    public void Norm(CudaActivation x, int xRow, int rows, CudaActivation weight, float eps, CudaActivation y, CudaActivation? copy = null)
    {
        x.Check(xRow, rows, nameof(xRow));
        y.Check(0, rows, nameof(rows));
        copy?.Check(0, rows, nameof(rows));
        Require(x, ElementType.F32, y.Columns);
        Require(weight, ElementType.F32, y.Columns);
        Require(copy ?? x, ElementType.F32, y.Columns);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(x.RowAddress(xRow));
        arguments.Add(x.Stride);
        arguments.Add(weight.Address);
        arguments.Add(eps);
        arguments.Add(x.Columns);
        arguments.Add(y.Address);
        arguments.Add(y.Stride);
        arguments.Add(IsBf16(y));
        arguments.Add(copy?.Address ?? 0);
        arguments.Add(copy?.Stride ?? 0);
        _norm.LaunchAsync(new CudaGrid(rows), stream, arguments);
    }

    /// <summary>x[row] += bias for the first <paramref name="rows"/> rows.</summary>
    /// <param name="x">float32 [rows, columns].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="bias">float32, one row.</param>
    public void AddBias(CudaActivation x, int rows, CudaActivation bias)
    {
        x.Check(0, rows, nameof(rows));
        Require(x, ElementType.F32, bias.Columns);
        Require(bias, ElementType.F32, x.Columns);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(x.Address);
        arguments.Add(x.Stride);
        arguments.Add(bias.Address);
        arguments.Add(x.Columns);
        _addBias.LaunchAsync(new CudaGrid(rows), stream, arguments);
    }

    /// <summary>Copies row <c>rows[i]</c> of <paramref name="x"/> to row i of <paramref name="y"/>, which has the same type and columns.</summary>
    /// <param name="x">The rows to choose from; another buffer than <paramref name="y"/>.</param>
    /// <param name="rows">int [count].</param>
    /// <param name="count">Number of rows to copy.</param>
    /// <param name="y">Receives the rows.</param>
    public void Gather(CudaActivation x, ulong rows, int count, CudaActivation y)
    {
        y.Check(0, count, nameof(count));
        Require(x, y.Type, y.Columns);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(x.Address);
        arguments.Add(x.Stride);
        arguments.Add(rows);
        arguments.Add(y.Address);
        arguments.Add(y.Stride);
        arguments.Add(x.RowLength);
        _gather.LaunchAsync(new CudaGrid(count), stream, arguments);
    }

    /// <summary>Writes the embedding of each token to a row of <paramref name="x"/>.</summary>
    /// <param name="table">float32 or bf16 [vocabulary, hidden].</param>
    /// <param name="tokens">int [count]: token ids.</param>
    /// <param name="count">Number of tokens.</param>
    /// <param name="x">Receives float32 [count, hidden].</param>
    public void Embed(CudaActivation table, ulong tokens, int count, CudaActivation x)
    {
        x.Check(0, count, nameof(count));
        Require(x, ElementType.F32, table.Columns);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(table.Address);
        arguments.Add(table.Stride);
        arguments.Add(IsBf16(table));
        arguments.Add(tokens);
        arguments.Add(x.Address);
        arguments.Add(x.Stride);
        arguments.Add(x.Columns);
        _embed.LaunchAsync(new CudaGrid(count), stream, arguments);
    }

    /// <summary>Adds weighted rows: y[t] += sum over i of weights[t, i] * x[rows[t, i]], in the order of i.</summary>
    /// <param name="x">Rows to add, float32 or bf16.</param>
    /// <param name="rows">int [tokens, perToken]: rows of x.</param>
    /// <param name="weights">float32 [tokens, perToken]: the factors of these rows.</param>
    /// <param name="perToken">Number of rows added to each token.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="y">float32 [tokens, columns].</param>
    public void AddWeighted(CudaActivation x, ulong rows, ulong weights, int perToken, int tokens, CudaActivation y)
    {
        y.Check(0, tokens, nameof(tokens));
        Require(y, ElementType.F32, x.Columns);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(x.Address);
        arguments.Add(x.Stride);
        arguments.Add(IsBf16(x));
        arguments.Add(rows);
        arguments.Add(weights);
        arguments.Add(perToken);
        arguments.Add(y.Address);
        arguments.Add(y.Stride);
        arguments.Add(y.Columns);
        int columnBlocks = (y.Columns + RowKernels.ColumnsPerBlock - 1) / RowKernels.ColumnsPerBlock;
        _addWeighted.LaunchAsync(new CudaGrid(tokens, columnBlocks), stream, arguments);
    }

    private static int IsBf16(CudaActivation rows) => rows.Type == ElementType.BF16 ? 1 : 0;

    private static void Require(CudaActivation rows, ElementType type, int columns)
    {
        if (rows.Type != type || rows.Columns != columns)
        {
            throw new ArgumentException($"Rows of {rows.Type}[{rows.Columns}] were given instead of {type}[{columns}].", nameof(rows));
        }
    }
}
