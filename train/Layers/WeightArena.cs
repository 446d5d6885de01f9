using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Train.Layers;

/// <summary>Memory for packed matrices. Large regions hold many of them, because each region takes whole huge pages.</summary>
/// <param name="kernels">The kernels that multiply the matrices.</param>
internal sealed class WeightArena(PanelKernels kernels) : IDisposable
{
    private const long RegionBytes = 32 << 20;
    private const long Alignment = 64;
    private readonly List<NativeBuffer> _regions = [];
    private long _used;

    /// <summary>Bytes of all matrices.</summary>
    public long Bytes { get; private set; }

    /// <summary>Creates a matrix without content.</summary>
    public PackedMatrix Create(int rows, int columns, ElementType type)
    {
        long bytes = (PackedMatrix.SizeOf(rows, columns, type) + Alignment - 1) / Alignment * Alignment;
        if (_regions.Count == 0 || _used + bytes > _regions[^1].ByteLength)
        {
            _regions.Add(new NativeBuffer(Math.Max(RegionBytes, bytes), clear: false));
            _used = 0;
        }

        PackedMatrix matrix = new(rows, columns, type, _regions[^1], _used, kernels);
        _used += bytes;
        Bytes += bytes;
        return matrix;
    }

    /// <inheritdoc/>
    public void Dispose() => _regions.ForEach(static region => region.Dispose());
}
