using System.Numerics;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Rows;

/// <summary>
/// Selects the largest logits of rows on the device, so that a sampler on the host needs a few KB of a row instead of all of it.
/// </summary>
internal sealed class TopLogits : ITopLogits
{
    private readonly nint _stream;
    private readonly CudaFunction _select;
    private readonly CudaFunction _merge;
    private readonly CudaArray<ulong> _lists;
    private readonly CudaArray<ulong> _merged;
    private readonly ulong[] _result;
    private readonly int _vocabulary;

    /// <summary>Allocates the lists.</summary>
    /// <param name="driver">The driver.</param>
    /// <param name="loader">Loads the kernels.</param>
    /// <param name="stream">The stream of all work.</param>
    /// <param name="staging">Copies the result; its stream is <paramref name="stream"/>.</param>
    /// <param name="maxRows">Maximum number of rows.</param>
    /// <param name="vocabulary">Logits of a row.</param>
    /// <param name="maxCount">Maximum number of logits to select, at most 256.</param>
    public TopLogits(ICudaDriver driver, KernelLoader loader, nint stream, RowStaging staging, int maxRows, int vocabulary, int maxCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxCount, SamplingKernels.MaxLength);
        (_stream, _vocabulary, MaxRows, MaxCount) = (stream, vocabulary, maxRows, maxCount);
        _select = new CudaFunction(driver, loader, SamplingKernels.SelectSegments, SamplingKernels.SelectSharedBytes);
        _merge = new CudaFunction(driver, loader, SamplingKernels.MergeLists, SamplingKernels.MergeSharedBytes);
        int length = ListLength(maxCount) + 1;
        _lists = new CudaArray<ulong>(driver, staging, maxRows * Segments * length);
        try
        {
            _merged = new CudaArray<ulong>(driver, staging, maxRows * Merged(Segments) * length);
        }
        catch
        {
            _lists.Dispose();
            throw;
        }

        _result = new ulong[maxRows * length];
    }

    /// <summary>Maximum number of rows.</summary>
    public int MaxRows { get; }

    /// <inheritdoc/>
    public int MaxCount { get; }

    private int Segments => (_vocabulary + SamplingKernels.SegmentLength - 1) / SamplingKernels.SegmentLength;

    /// <inheritdoc/>
    public void Select(IActivation logits, int rows, int count, Span<LargestLogits> result)
    {
        CudaActivation source = (CudaActivation)logits;
        source.Check(0, rows, nameof(rows));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MaxRows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        if (logits.Type != ElementType.F32 || logits.Columns != _vocabulary)
        {
            throw new ArgumentException($"The logits are {logits.Type}[{logits.Columns}] instead of F32[{_vocabulary}].", nameof(logits));
        }

        int length = ListLength(count);
        SelectSegments(source, rows, length);
        (CudaArray<ulong> from, CudaArray<ulong> to) = (_lists, _merged);
        for (int lists = Segments; lists > 1; lists = Merged(lists))
        {
            MergeLists(from.Address, rows, lists, length, to.Address);
            (from, to) = (to, from);
        }

        from.CopyOut(_result.AsSpan(0, rows * (length + 1)));
        for (int row = 0; row < rows; row++)
        {
            ReadOnlyMemory<ulong> list = _result.AsMemory(row * (length + 1), length + 1);
            result[row] = new LargestLogits(list[..count], BitConverter.UInt32BitsToSingle((uint)list.Span[length]));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lists.Dispose();
        _merged.Dispose();
    }

    private static int ListLength(int count) => (int)BitOperations.RoundUpToPowerOf2((uint)count);

    private static int Merged(int lists) => (lists + SamplingKernels.ListsPerMerge - 1) / SamplingKernels.ListsPerMerge;

    private void SelectSegments(CudaActivation logits, int rows, int length)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(logits.Address);
        arguments.Add(logits.Stride);
        arguments.Add(_vocabulary);
        arguments.Add(length);
        arguments.Add(_lists.Address);
        _select.LaunchAsync(new CudaGrid(rows, Segments), _stream, arguments);
    }

    private void MergeLists(ulong from, int rows, int lists, int length, ulong to)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(from);
        arguments.Add(lists);
        arguments.Add(length);
        arguments.Add(to);
        _merge.LaunchAsync(new CudaGrid(rows, Merged(lists)), _stream, arguments);
    }
}
