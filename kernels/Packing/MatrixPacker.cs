using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Packs row-major weights into <see cref="PackedMatrix"/> form, converting their type on the way; units are panels of 16 rows. The
/// scratch it needs is a few kilobytes a worker. It does not know where the rows come from.
/// </summary>
public sealed unsafe class MatrixPacker : IJob
{
    // Columns converted at once: 16 rows of it stay in the first-level cache.
    private const int ChunkSteps = 64;
    private PackedMatrix? _target;
    private nint[] _rows = [];
    private ElementType[] _types = [];

    /// <summary>Fills <paramref name="target"/>.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="target">Matrix to fill.</param>
    /// <param name="sources">Its rows in order; the counts sum to <c>target.Rows</c>, each row holds <c>target.Columns</c> elements.</param>
    /// <exception cref="ArgumentException">The row counts do not sum up, or a source type is not F32, F16 or BF16.</exception>
    public void Pack(WorkerPool pool, PackedMatrix target, IReadOnlyList<SourceRows> sources)
    {
        _target = target;
        Array.Resize(ref _rows, Math.Max(_rows.Length, target.Rows));
        Array.Resize(ref _types, Math.Max(_types.Length, target.Rows));
        int row = 0;
        foreach (SourceRows source in sources)
        {
            if (source.Type is not (ElementType.F32 or ElementType.F16 or ElementType.BF16))
            {
                throw new ArgumentException($"Cannot pack {source.Type} weights; F32, F16 and BF16 can be packed.", nameof(sources));
            }

            if (source.Count < 0 || source.Count > target.Rows - row)
            {
                throw new ArgumentException($"{source.Count} rows after {row} for a matrix of {target.Rows}.", nameof(sources));
            }

            for (int i = 0; i < source.Count; i++, row++)
            {
                _rows[row] = source.Address == 0 ? 0 : source.Address + (nint)(i * source.Stride);
                _types[row] = source.Type;
            }
        }

        if (row != target.Rows)
        {
            throw new ArgumentException($"{row} rows given for a matrix of {target.Rows}.", nameof(sources));
        }

        pool.Run(this, (target.Rows + PanelKernels.PanelRows - 1) / PanelKernels.PanelRows);
        _target = null;
    }

    /// <inheritdoc/>
    public void Run(int unit, int worker)
    {
        PackedMatrix target = _target!;
        int block = unit / PanelKernels.BlockPanels;
        int panels = target.PanelsOf(block);
        int stride = panels * PanelKernels.PanelRows * 4;
        byte* output = target.Block(block) + (unit % PanelKernels.BlockPanels * PanelKernels.PanelRows * 4);
        uint* scratch = stackalloc uint[PanelKernels.PanelRows * ChunkSteps];
        uint** inputs = stackalloc uint*[PanelKernels.PanelRows];
        int perStep = target.Type.StepElements();
        for (int step = 0; step < target.Steps; step += ChunkSteps)
        {
            int steps = Math.Min(ChunkSteps, target.Steps - step);
            int columns = Math.Clamp(target.Columns - (step * perStep), 0, steps * perStep);
            for (int r = 0; r < PanelKernels.PanelRows; r++)
            {
                inputs[r] = Input((unit * PanelKernels.PanelRows) + r, step * perStep, columns, steps, scratch + (r * ChunkSteps));
            }

            Transpose(inputs, steps, output + ((long)step * stride), stride);
        }

    }

    private uint* Input(int row, int column, int columns, int steps, uint* scratch)
    {
        PackedMatrix target = _target!;
        int size = target.Type.Size();
        byte* source = row < target.Rows ? (byte*)_rows[row] : null;
        if (source is not null && _types[row] == target.Type && columns * size == steps * 4)
        {
            return (uint*)(source + ((long)column * size));
        }

        new Span<uint>(scratch, steps).Clear();
        if (source is not null)
        {
            Conversion.Convert(source + ((long)column * _types[row].Size()), _types[row], (byte*)scratch, target.Type, columns);
        }

        return scratch;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(uint** rows, int steps, byte* output, int stride)
    {
        for (int s = 0; s < steps; s += 4)
        {
            byte* to = output + ((long)s * stride);
            for (int r = 0; r < PanelKernels.PanelRows; r += 4)
            {
                Vector128<uint> a = Vector128.Load(rows[r] + s), b = Vector128.Load(rows[r + 1] + s);
                Vector128<uint> c = Vector128.Load(rows[r + 2] + s), d = Vector128.Load(rows[r + 3] + s);
                Vector128<ulong> abLow = Low(a, b).AsUInt64(), abHigh = High(a, b).AsUInt64();
                Vector128<ulong> cdLow = Low(c, d).AsUInt64(), cdHigh = High(c, d).AsUInt64();
                uint* column = (uint*)to + r;
                Vector128.Create(abLow.GetLower(), cdLow.GetLower()).AsUInt32().Store(column);
                Vector128.Create(abLow.GetUpper(), cdLow.GetUpper()).AsUInt32().Store((uint*)((byte*)column + stride));
                Vector128.Create(abHigh.GetLower(), cdHigh.GetLower()).AsUInt32().Store((uint*)((byte*)column + (2 * stride)));
                Vector128.Create(abHigh.GetUpper(), cdHigh.GetUpper()).AsUInt32().Store((uint*)((byte*)column + (3 * stride)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Low(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> High(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);
}
