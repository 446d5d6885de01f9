using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Packs row-major weights into <see cref="PackedMatrix"/> form, converting their type on the way. Matrices are collected and packed
/// together, so that small ones keep all workers busy; a unit of work is a block of 64 rows of any of them. The scratch it needs is 16
/// kilobytes a worker. It does not know where the rows come from. Not thread-safe.
/// </summary>
public sealed unsafe class MatrixPacker : IJob
{
    // Steps converted at once: 64 rows of it stay in the first-level cache.
    private const int ChunkSteps = 64;
    private readonly InstructionSet _isa;
    private readonly List<Item> _items = [];
    private nint[] _rows = [];
    private ElementType[] _types = [];
    private int _rowCount;
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
        if (_rows.Length < _rowCount + target.Rows)
        {
            int size = Math.Max(2 * _rows.Length, _rowCount + target.Rows);
            Array.Resize(ref _rows, size);
            Array.Resize(ref _types, size);
        }

        _items.Add(new Item(target, _rowCount, _units));
        _units += target.Blocks;
        foreach (SourceRows source in sources)
        {
            for (int i = 0; i < source.Count; i++, _rowCount++)
            {
                _rows[_rowCount] = source.Address == 0 ? 0 : source.Address + (nint)(i * source.Stride);
                _types[_rowCount] = source.Type;
            }
        }
    }

    /// <summary>Packs everything noted since the last call.</summary>
    /// <param name="pool">Workers to use.</param>
    public void PackAdded(WorkerPool pool)
    {
        try
        {
            pool.Run(this, _units);
        }
        finally
        {
            _items.Clear();
            _rowCount = 0;
            _units = 0;
        }
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

        int first = block * PanelKernels.BlockRows;
        int step = 0;
        if (Unconverted(item, first, lanes, inputs))
        {
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
                Convert(item, first + r, step, steps, inputs[r]);
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

    /// <summary>The rows' addresses, if all lanes have a row of the target's own type.</summary>
    private bool Unconverted(in Item item, int first, int lanes, uint** inputs)
    {
        if (first + lanes > item.Target.Rows)
        {
            return false;
        }

        for (int r = 0; r < lanes; r++)
        {
            int row = item.FirstRow + first + r;
            inputs[r] = (uint*)_rows[row];
            if (_rows[row] == 0 || _types[row] != item.Target.Type)
            {
                return false;
            }
        }

        return true;
    }

    private void Convert(in Item item, int row, int step, int steps, uint* scratch)
    {
        PackedMatrix target = item.Target;
        int perStep = target.Type.StepElements();
        int column = step * perStep;
        int columns = Math.Clamp(target.Columns - column, 0, steps * perStep);
        nint source = row < target.Rows ? _rows[item.FirstRow + row] : 0;
        if (source == 0 || columns < steps * perStep)
        {
            new Span<uint>(scratch, steps).Clear();
        }

        if (source != 0)
        {
            ElementType type = _types[item.FirstRow + row];
            Conversion.Convert((byte*)source + ((long)column * type.Size()), type, (byte*)scratch, target.Type, columns);
        }
    }

    /// <summary>A noted matrix: where its rows and its units begin.</summary>
    private readonly record struct Item(PackedMatrix Target, int FirstRow, int FirstUnit);
}
