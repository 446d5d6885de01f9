using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Packs row-major weights into <see cref="PackedMatrix"/> form, converting or quantising them on the way. Matrices are collected and packed
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
    /// <param name="inputScale">
    /// For F8E4M3: what activations are divided by before they are rounded, the same for all rows; 0 (default) gives each activation row a scale of its own.
    /// </param>
    /// <exception cref="ArgumentException">The row counts do not sum up, a source type cannot be packed, or quantised rows have no scales.</exception>
    public void Pack(WorkerPool pool, PackedMatrix target, IReadOnlyList<SourceRows> sources, float inputScale = 0)
    {
        Add(target, sources, inputScale);
        PackPending(pool);
    }

    /// <summary>Notes a matrix for the next <see cref="PackPending"/>; target and sources must stay valid until then.</summary>
    /// <param name="target">Matrix to fill.</param>
    /// <param name="sources">Its rows in order; the counts sum to <c>target.Rows</c>, each row holds <c>target.Columns</c> elements.</param>
    /// <param name="inputScale">
    /// For F8E4M3: what activations are divided by before they are rounded, the same for all rows; 0 (default) gives each activation row a scale of its own.
    /// </param>
    /// <exception cref="ArgumentException">The row counts do not sum up, a source type cannot be packed, or quantised rows have no scales. Nothing is noted.</exception>
    public void Add(PackedMatrix target, IReadOnlyList<SourceRows> sources, float inputScale = 0)
    {
        Check(target, sources, inputScale);
        _items.Add(new Item(target, [.. sources], inputScale, _units));
        _units += target.Blocks;
    }

    /// <summary>Packs everything noted since the last call.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <exception cref="IOException">A source file cannot be read, or ends before its rows.</exception>
    /// <exception cref="InvalidDataException">A stored scale of I4 rows is too large for float16.</exception>
    public void PackPending(WorkerPool pool)
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
        if (target.Type == ElementType.I4)
        {
            GroupPacking.Pack(target, block, rows);
            if (block == target.Blocks - 1)
            {
                target.SetInputScale(0);
            }

            return;
        }

        int step = 0;
        float* scales = stackalloc float[PanelKernels.BlockRows];
        if (target.Type.IsQuantized())
        {
            WriteScales(item, block, rows, scales);
        }
        else if (rows.Unconverted(target.Type))
        {
            for (int r = 0; r < lanes; r++)
            {
                inputs[r] = (uint*)rows.Lanes[r].Address;
            }

            step = target.Columns * target.Type.Size() / 4 / PanelKernels.StepUnit * PanelKernels.StepUnit;
            PanelTranspose.Run(_isa, inputs, 0, step, panels, output);
        }

        uint* scratch = stackalloc uint[PanelKernels.BlockRows * ChunkSteps];
        float* values = stackalloc float[ChunkSteps * target.Type.StepElements()];
        for (; step < target.Steps; step += ChunkSteps)
        {
            int steps = Math.Min(ChunkSteps, target.Steps - step);
            for (int r = 0; r < lanes; r++)
            {
                inputs[r] = scratch + (r * ChunkSteps);
                RowCodes.Words(target, rows.Lanes[r], scales[r], step, steps, inputs[r], values);
            }

            PanelTranspose.Run(_isa, inputs, 0, steps, panels, output + ((long)step * stride));
        }
    }

    private static void WriteScales(in Item item, int block, BlockRows rows, float* scales)
    {
        PackedMatrix target = item.Target;
        int lanes = target.PanelsOf(block) * PanelKernels.PanelRows;
        for (int r = 0; r < lanes; r++)
        {
            scales[r] = RowCodes.Scale(rows.Lanes[r], target.Type, target.Columns);
        }

        new Span<float>(scales, lanes).CopyTo(new Span<float>((float*)target.Scales(block), lanes));
        if (block == target.Blocks - 1)
        {
            target.SetInputScale(item.InputScale);
        }
    }

    private static void Check(PackedMatrix target, IReadOnlyList<SourceRows> sources, float inputScale)
    {
        if (inputScale != 0 && (target.Type != ElementType.F8E4M3 || !(inputScale > 0) || !float.IsFinite(inputScale)))
        {
            throw new ArgumentException($"An input scale of {inputScale} for {target.Type} weights; only F8E4M3 takes one, positive and finite.", nameof(inputScale));
        }

        long rows = 0;
        foreach (SourceRows source in sources)
        {
            if (source.Type == ElementType.I4 && target.Type != ElementType.I4)
            {
                throw new ArgumentException($"I4 weights cannot be packed to {target.Type}, only to I4.", nameof(sources));
            }

            if (source.Type.IsQuantized() && source.Address != 0 &&
                source.Scales is not { Address: not 0, Type: ElementType.F32 or ElementType.F16 or ElementType.BF16 })
            {
                throw new ArgumentException($"{source.Type} weights come without their scales in F32, F16 or BF16.", nameof(sources));
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

    /// <summary>A noted matrix and where its units begin.</summary>
    private readonly record struct Item(PackedMatrix Target, SourceRows[] Sources, float InputScale, int FirstUnit);
}
