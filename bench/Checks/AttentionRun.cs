using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>Attention with random rows and parameters on one device. The same seed gives the same rows on every device.</summary>
internal sealed class AttentionRun : IDisposable
{
    private readonly DisposableStack _owned = new();
    private readonly IComputeDevice _device;
    private readonly KvShape _shape;
    private readonly int _heads;
    private readonly IKvPool _kv;
    private readonly IAttention _attention;
    private readonly IStepRows _rows;
    private readonly IVector _bias;
    private readonly IVector _scale;
    private readonly IActivation _projected;
    private readonly IActivation _output;

    /// <summary>Allocates buffers.</summary>
    public AttentionRun(IComputeDevice device, KvShape shape, int heads, int maxRows)
    {
        (_device, _shape, _heads) = (device, shape, heads);
        int columns = (heads + (2 * shape.Heads)) * shape.HeadSize;
        try
        {
            _kv = _owned.Add(device.CreateKvPool(shape, reserve: true));
            _attention = _owned.Add(device.CreateAttention(_kv, heads, maxRows));
            _rows = _owned.Add(_attention.CreateRows());
            _bias = _owned.Add(device.CreateVector(DevicePair.RandomValues(columns, 21)));
            float[] norm = [.. DevicePair.RandomValues(shape.HeadSize, 22).Select(static value => 1 + (value / 4))];
            _scale = _owned.Add(device.CreateVector(AttentionWeights.QueryScaleOf(norm, norm, shape.HeadSize)));
            _projected = _owned.Add(device.CreateActivation(maxRows, columns, ElementType.F32));
            _output = _owned.Add(device.CreateActivation(maxRows, heads * shape.HeadSize, shape.ComputeType));
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <summary>Appends rows to the cache and attends with them.</summary>
    /// <returns>The results, [row][head][element].</returns>
    public float[] Run(ReadOnlySpan<AttentionSlice> slices, int seed)
    {
        AttentionBatch batch = new(_heads, _shape.Heads);
        foreach (AttentionSlice slice in slices)
        {
            batch.Add(slice);
        }

        float[] values = DevicePair.RandomValues(batch.Rows * _projected.Columns, seed);
        _projected.CopyIn(0, batch.Rows, MemoryMarshal.AsBytes<float>(values));
        FillAngles(slices);
        _rows.Begin(batch);
        _attention.Split(_rows, _projected, new AttentionWeights(_bias, _scale, HasNorm: true, 1e-5f), 0);
        _attention.Run(_rows, 0, _output);
        _device.Synchronize();
        return RowPair.Read(_output, batch.Rows);
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();

    private void FillAngles(ReadOnlySpan<AttentionSlice> slices)
    {
        foreach (AttentionSlice slice in slices)
        {
            for (int i = 0; i < slice.Count; i++)
            {
                for (int pair = 0; pair < _shape.HeadSize / 2; pair++)
                {
                    double angle = (slice.Start + i) * Math.Pow(10000, -2.0 * pair / _shape.HeadSize);
                    _rows.Angles.Cos.Row(slice.FirstRow + i)[pair] = (float)Math.Cos(angle);
                    _rows.Angles.Sin.Row(slice.FirstRow + i)[pair] = (float)Math.Sin(angle);
                }
            }
        }
    }
}
