using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Packs row-major weights into <see cref="PackedMatrix"/> form, converting their type on the way. Matrices are collected and packed
/// together, so that small ones keep all workers busy; a unit of work is a block of 64 rows of any of them. The scratch it needs is one
/// block of source rows a worker. It does not know what the rows are. Not thread-safe.
/// </summary>
public sealed unsafe class MatrixPacker : IJob, IDisposable
{
    // Steps converted at once: 64 rows of it stay in the first-level cache.
    private const int ChunkSteps = 64;
    private readonly InstructionSet _isa;
    private readonly List<Item> _items = [];
    private readonly List<BlockRows> _workers = [];
    private int _units;

    /// <summary>Makes a packer. All instruction sets give the same bytes.</summary>
    /// <param name="isa">Instructions to use; null (default) takes the best of this machine.</param>
    public MatrixPacker(InstructionSet? isa = null) => _isa = isa ?? InstructionSets.Best;

    /// <summary>Fills <paramref name="target"/>.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="target">Matrix to fill.</param>
    /// <param name="sources">Its rows in order; the counts sum to <c>target.Rows</c>, each row holds <c>target.Columns</c> elements.</param>
    /// <exception cref="ArgumentException">The row counts do not sum up, or a source type is not F32, F16 or BF16.</exception>
    public void Pack(WorkerPool pool, PackedMatrix target, IReadOnlyList<SourceRows> sources)
    {
        Add(target, sources);
        PackAdded(pool);
    }

    /// <summary>Notes a matrix for the next <see cref="PackAdded"/>; target and sources must stay valid until then.</summary>
    /// <param name="target">Matrix to fill.</param>
    /// <param name="sources">Its rows in order; the counts sum to <c>target.Rows</c>, each row holds <c>target.Columns</c> elements.</param>
    /// <exception cref="ArgumentException">The row counts do not sum up, or a source type is not F32, F16 or BF16. Nothing is noted.</exception>
    public void Add(PackedMatrix target, IReadOnlyList<SourceRows> sources)
    {
        Check(target, sources);
        _items.Add(new Item(target, [.. sources], _units));
        _units += target.Blocks;
    }

    /// <summary>Packs everything noted since the last call.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <exception cref="IOException">A source file cannot be read, or ends before its rows.</exception>
    public void PackAdded(WorkerPool pool)
    {
        while (_workers.Count < pool.Threads)
        {
            _workers.Add(new BlockRows());
        }

        try
        {
            pool.Run(this, _units);
        }
        finally
        {
            _items.Clear();
            _units = 0;
        }
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose()
    {
        _workers.ForEach(w => w.Dispose());
        _workers.Clear();
    }

    /// <inheritdoc/>
    void IJob.Run(int unit, int worker)
    {
        Item item = Find(unit);
        PackedMatrix target = item.Target;
        int block = unit - item.FirstUnit;
        int panels = target.PanelsOf(block);
        int lanes = panels * PanelKernels.PanelRows;
        int stride = lanes * 4;
        byte* output = target.Block(block);
        uint** inputs = stackalloc uint*[PanelKernels.BlockRows];
        BlockRows rows = _workers[worker];
        rows.Find(item.Sources, block * PanelKernels.BlockRows, lanes);

        int step = 0;
        if (rows.Unconverted(target.Type))
        {
            for (int r = 0; r < lanes; r++)
            {
                inputs[r] = (uint*)rows.Addresses[r];
            }

            step = target.Columns * target.Type.Size() / 4 / PanelKernels.StepUnit * PanelKernels.StepUnit;
            PanelTranspose.Run(_isa, inputs, 0, step, panels, output);
        }

        uint* scratch = stackalloc uint[PanelKernels.BlockRows * ChunkSteps];
        for (; step < target.Steps; step += ChunkSteps)
        {
            int steps = Math.Min(ChunkSteps, target.Steps - step);
            for (int r = 0; r < lanes; r++)
            {
                inputs[r] = scratch + (r * ChunkSteps);
                Convert(target, (byte*)rows.Addresses[r], rows.Types[r], step, steps, inputs[r]);
            }

            PanelTranspose.Run(_isa, inputs, 0, steps, panels, output + ((long)step * stride));
        }
    }

    private static void Check(PackedMatrix target, IReadOnlyList<SourceRows> sources)
    {
        long rows = 0;
        foreach (SourceRows source in sources)
        {
            if (source.Type is not (ElementType.F32 or ElementType.F16 or ElementType.BF16))
            {
                throw new ArgumentException($"Cannot pack {source.Type} weights; F32, F16 and BF16 can be packed.", nameof(sources));
            }

            if (source.Count < 0)
            {
                throw new ArgumentException($"{source.Count} rows given after {rows} for a matrix of {target.Rows}.", nameof(sources));
            }

            rows += source.Count;
        }

        if (rows != target.Rows)
        {
            throw new ArgumentException($"{rows} rows given for a matrix of {target.Rows}.", nameof(sources));
        }
    }

    private Item Find(int unit)
    {
        int low = 0;
        int high = _items.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_items[middle].FirstUnit <= unit)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return _items[low];
    }

    private static void Convert(PackedMatrix target, byte* source, ElementType type, int step, int steps, uint* scratch)
    {
        int perStep = target.Type.StepElements();
        int column = step * perStep;
        int columns = Math.Clamp(target.Columns - column, 0, steps * perStep);
        if (source is null || columns < steps * perStep)
        {
            new Span<uint>(scratch, steps).Clear();
        }

        if (source is not null)
        {
            Conversion.Convert(source + ((long)column * type.Size()), type, (byte*)scratch, target.Type, columns);
        }
    }

    /// <summary>A noted matrix and where its units begin.</summary>
    private readonly record struct Item(PackedMatrix Target, SourceRows[] Sources, int FirstUnit);
}
