using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>Attention of one layer on a device, with rows that come from and go to arrays.</summary>
internal sealed class AttentionRig : IDisposable
{
    private readonly ICudaDriver _driver;
    private readonly AttentionShape _shape;
    private readonly CudaAttention _attention;
    private readonly AttentionStep _step;
    private readonly RotaryAngles _rotary;
    private readonly ulong _parameters;
    private readonly CudaAttentionWeights _weights;
    private readonly ulong _projected;
    private readonly ulong _output;

    /// <summary>Creates the layer and a pool of 64 blocks.</summary>
    public AttentionRig(
        AttentionDevice device,
        int heads,
        int keyHeads,
        int headSize,
        ElementType type,
        AttentionParameters weights,
        int maxRows = 128,
        int maxPartials = 64,
        int blocks = 4096)
    {
        _driver = device.Driver;
        Stream = _driver.CreateStream();
        _shape = new AttentionShape(heads, keyHeads, headSize, type);
        _attention = new CudaAttention(_driver, device.Loader, _shape, maxRows, maxPartials);
        _step = new AttentionStep(_driver, _shape, maxRows, blocks, maxPartials);
        _rotary = new RotaryAngles(maxRows, headSize);
        Pool = new CudaKvPool(_driver, 1, 64, keyHeads, headSize, type);
        _projected = _driver.Allocate((long)maxRows * (heads + (2 * keyHeads)) * headSize * sizeof(float));
        _output = _driver.Allocate((long)maxRows * OutputStride);
        float[] scale = AttentionWeights.QueryScaleOf(weights.QueryNorm, weights.KeyNorm, headSize);
        float[] parameters = [.. scale, .. weights.Bias ?? []];
        _parameters = _driver.Allocate(parameters.Length * sizeof(float));
        Upload(_parameters, MemoryMarshal.AsBytes<float>(parameters));
        _weights = new CudaAttentionWeights(
            weights.Bias is null ? 0 : _parameters + (ulong)(headSize * sizeof(float)), _parameters, weights.QueryNorm is not null, weights.Eps);
    }

    /// <summary>The stream of all work.</summary>
    public nint Stream { get; }

    /// <summary>The keys and values.</summary>
    public CudaKvPool Pool { get; }

    /// <summary>Sizes of the launches of the last run.</summary>
    public AttentionGrid Grid => _step.Grid;

    // More than the columns, to see that the stride is used.
    private int OutputStride => OutputBytes + 64;

    private int OutputBytes => _shape.Heads * _shape.HeadSize * _shape.QueryType.Size();

    /// <summary>Appends rows to the cache and returns their outputs as float32 values.</summary>
    /// <param name="pieces">Rows of different sequences.</param>
    /// <param name="attends">Whether to compute attention; otherwise the result is empty.</param>
    /// <param name="hasKeys">Whether the rows' keys and values are written; otherwise only their query columns are used.</param>
    /// <param name="larger">How much larger than needed the grids are.</param>
    /// <param name="graph">A graph from <see cref="Capture"/> to launch instead of the kernels.</param>
    public float[][] Run(TestPiece[] pieces, bool attends = true, bool hasKeys = true, int larger = 0, nint graph = 0)
    {
        AttentionBatch batch = new(_shape.Heads, _shape.KeyHeads);
        List<float> projected = [];
        int columns = (_shape.Heads + (hasKeys ? 2 * _shape.KeyHeads : 0)) * _shape.HeadSize;
        foreach (TestPiece piece in pieces)
        {
            for (int i = 0; i < piece.Count; i++)
            {
                int row = batch.Rows + i;
                TestSequence.Angles(piece.Start + i, _rotary.Cos.Row(row), _rotary.Sin.Row(row));
                projected.AddRange(piece.Sequence.Rows[piece.First + i].AsSpan(0, columns));
            }

            batch.Add(new AttentionSlice(batch.Rows, piece.Count, piece.Start, piece.Blocks));
        }

        _step.UploadAsync(batch, _rotary, Stream);
        Upload(_projected, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(projected)));
        if (graph != 0)
        {
            _driver.LaunchGraphAsync(graph, Stream);
        }
        else
        {
            Launch(new AttentionGrid(_step.Grid.Rows + larger, _step.Grid.Units + larger, _step.Grid.Merges + larger), attends, hasKeys);
        }

        return attends ? Download(batch.Rows) : [];
    }

    /// <summary>Records the launches of steps up to a size.</summary>
    public nint Capture(AttentionGrid grid)
    {
        _driver.BeginCapture(Stream);
        Launch(grid, attends: true, hasKeys: true);
        return _driver.EndCapture(Stream);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Pool.Dispose();
        _attention.Dispose();
        _step.Dispose();
        _rotary.Dispose();
        _driver.Free(_parameters);
        _driver.Free(_projected);
        _driver.Free(_output);
        _driver.DestroyStream(Stream);
    }

    private void Launch(AttentionGrid grid, bool attends, bool hasKeys)
    {
        int stride = (_shape.Heads + (hasKeys ? 2 * _shape.KeyHeads : 0)) * _shape.HeadSize * sizeof(float);
        _attention.SplitAsync(_step.Address, grid, _projected, stride, hasKeys, _weights, Pool.Address(0), Stream);
        if (attends)
        {
            _attention.AttendAsync(_step.Address, grid, Pool.Address(0), _output, OutputStride, Stream);
        }
    }

    private void Upload(ulong target, ReadOnlySpan<byte> bytes)
    {
        nint pinned = _driver.AllocatePinned(bytes.Length);
        Marshal.Copy(bytes.ToArray(), 0, pinned, bytes.Length);
        _driver.CopyToDeviceAsync(target, pinned, bytes.Length, Stream);
        _driver.Synchronize(Stream);
        _driver.FreePinned(pinned);
    }

    private float[][] Download(int rows)
    {
        byte[] bytes = new byte[OutputBytes];
        nint pinned = _driver.AllocatePinned((long)rows * OutputBytes);
        for (int row = 0; row < rows; row++)
        {
            _driver.CopyToHostAsync(pinned + (row * OutputBytes), _output + (ulong)(row * OutputStride), OutputBytes, Stream);
        }

        _driver.Synchronize(Stream);
        float[][] output = new float[rows][];
        for (int row = 0; row < rows; row++)
        {
            Marshal.Copy(pinned + (row * OutputBytes), bytes, 0, OutputBytes);
            output[row] = new float[_shape.Heads * _shape.HeadSize];
            Conversion.ToSingles(bytes, _shape.QueryType, output[row]);
        }

        _driver.FreePinned(pinned);
        return output;
    }
}
