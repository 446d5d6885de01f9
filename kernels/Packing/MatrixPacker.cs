using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Packs row-major weights into <see cref="PackedMatrix"/> form, converting or quantising them on the way. Matrices can be collected and
/// packed together, so that small ones keep all workers busy; a unit of work is a block of 64 rows. Scratch memory is one block of source
/// rows per worker. Not thread-safe.
/// </summary>
public sealed unsafe class MatrixPacker : IJob, IDisposable
{
    // Steps converted at once. Those of 64 rows stay in the first-level cache.
    private const int ChunkSteps = 64;
    private readonly InstructionSet _isa;
    private readonly List<Item> _items = [];
    private readonly List<BlockRowReader> _workers = [];
    private int _units;

    /// <summary>Creates a packer. All instruction sets give the same bytes.</summary>
    /// <param name="isa">Instructions to use; null (default) takes the strongest set of this machine.</param>
    public MatrixPacker(InstructionSet? isa = null) => _isa = isa ?? InstructionSets.Best;

    /// <summary>Packs one matrix, together with those added before.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="target">The matrix to fill.</param>
    /// <param name="sources">The rows of the matrix in order. Their counts sum to <c>target.Rows</c>, each row holds <c>target.Columns</c> elements.</param>
    /// <param name="inputScale">
    /// F8E4M3 only: the fixed scale by which activations are divided before they are rounded. 0 (default) gives each activation row its own scale.
    /// </param>
    /// <exception cref="ArgumentException">The row counts do not sum to the rows of the target, a source type cannot be packed, or quantised rows have no scales.</exception>
    public void Pack(WorkerPool pool, PackedMatrix target, IReadOnlyList<SourceRows> sources, float inputScale = 0)
    {
        Add(target, sources, inputScale);
        PackPending(pool);
    }

    /// <summary>Adds a matrix to the next <see cref="PackPending"/>. Target and sources must stay valid until then.</summary>
    /// <param name="target">The matrix to fill.</param>
    /// <param name="sources">The rows of the matrix in order. Their counts sum to <c>target.Rows</c>, each row holds <c>target.Columns</c> elements.</param>
    /// <param name="inputScale">
    /// F8E4M3 only: the fixed scale by which activations are divided before they are rounded. 0 (default) gives each activation row its own scale.
    /// </param>
    /// <exception cref="ArgumentException">The row counts do not sum to the rows of the target, a source type cannot be packed, or quantised rows have no scales. Nothing is added.</exception>
    public void Add(PackedMatrix target, IReadOnlyList<SourceRows> sources, float inputScale = 0)
    {
        Check(target, sources, inputScale);
        _items.Add(new Item(target, [.. sources], inputScale, _units));
        _units += target.Blocks;
    }

    /// <summary>Packs all matrices added since the last call.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <exception cref="IOException">A source file cannot be read, or ends before its last row.</exception>
    /// <exception cref="InvalidDataException">A stored scale of I4 rows is too large for float16.</exception>
    public void PackPending(WorkerPool pool)
    {
        while (_workers.Count < pool.Threads)
        {
            _workers.Add(new BlockRowReader());
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IJob.Run(int unit, int worker)
    {
        Item item = Find(unit);
        PackedMatrix target = item.Target;
        int block = unit - item.FirstUnit;
        int panels = target.PanelsIn(block);
        int lanes = panels * PanelKernels.PanelRows;
        int stride = lanes * 4;
        byte* output = target.Block(block);
        uint** inputs = stackalloc uint*[PanelKernels.BlockRows];
        BlockRowReader rows = _workers[worker];
        rows.Load(item.Sources, block * PanelKernels.BlockRows, lanes);
        if (target.Type == ElementType.I4)
        {
            Int4Packer.Pack(target, block, rows);
            if (block == target.Blocks - 1)
            {
                target.SetInputScale(0);
            }

            return;
        }

        if (target.Type.HasZeroPoints())
        {
            ZeroPointPacker.Pack(target, block, rows);
            if (block == target.Blocks - 1)
            {
                target.SetInputScale(0);
            }

            return;
        }

        int step = 0;
        float* scales = stackalloc float[PanelKernels.BlockRows];
        if (target.Type == ElementType.F8E4M3Block)
        {
            WriteBlockScales(target, block, rows);
        }
        else if (target.Type.IsQuantized())
        {
            WriteScales(item, block, rows, scales);
        }
        else if (rows.AllAre(target.Type))
        {
            for (int r = 0; r < lanes; r++)
            {
                inputs[r] = (uint*)rows.Lanes[r].Address;
            }

            step = target.Columns * target.Type.Size() / 4 / PanelKernels.StepUnit * PanelKernels.StepUnit;
            PanelTranspose.Transpose(_isa, inputs, 0, step, panels, output);
        }

        uint* scratch = stackalloc uint[PanelKernels.BlockRows * ChunkSteps];
        float* values = stackalloc float[ChunkSteps * target.Type.ElementsPerStep()];
        for (; step < target.Steps; step += ChunkSteps)
        {
            int steps = Math.Min(ChunkSteps, target.Steps - step);
            for (int r = 0; r < lanes; r++)
            {
                inputs[r] = scratch + (r * ChunkSteps);
                RowEncoder.Encode(target, rows.Lanes[r], scales[r], step, steps, inputs[r], values);
            }

            PanelTranspose.Transpose(_isa, inputs, 0, steps, panels, output + ((long)step * stride));
        }
    }

    private static void WriteScales(in Item item, int block, BlockRowReader rows, float* scales)
    {
        PackedMatrix target = item.Target;
        int lanes = target.PanelsIn(block) * PanelKernels.PanelRows;
        for (int r = 0; r < lanes; r++)
        {
            scales[r] = RowEncoder.Scale(rows.Lanes[r], target.Type, target.Columns);
        }

        new Span<float>(scales, lanes).CopyTo(new Span<float>((float*)target.Scales(block), lanes));
        if (block == target.Blocks - 1)
        {
            target.SetInputScale(item.InputScale);
        }
    }

    // A group with a NaN gets the scale NaN, as a row does in an F8E4M3 matrix.
    private static void WriteBlockScales(PackedMatrix target, int block, BlockRowReader rows)
    {
        int lanes = target.PanelsIn(block) * PanelKernels.PanelRows;
        float* scales = (float*)target.Scales(block);
        for (int first = 0, group = 0; first < target.Columns; first += PackedLayout.BlockColumns, group++, scales += lanes)
        {
            int columns = Math.Min(PackedLayout.BlockColumns, target.Columns - first);
            for (int r = 0; r < lanes; r++)
            {
                SourceRow row = rows.Lanes[r];
                bool isNaN = row.Address != 0 && RowEncoder.HasNaN(row, first, columns);
                scales[r] = row.Address == 0 ? 0 : isNaN ? float.NaN : RowDecoder.Scale(row, group);
            }
        }

        if (block == target.Blocks - 1)
        {
            target.SetInputScale(0);
        }
    }

    private static void Check(PackedMatrix target, IReadOnlyList<SourceRows> sources, float inputScale)
    {
        if (inputScale != 0 && (target.Type != ElementType.F8E4M3 || !(inputScale > 0) || !float.IsFinite(inputScale)))
        {
            throw new ArgumentException($"The input scale {inputScale} is not allowed for {target.Type} weights; only F8E4M3 takes one, positive and finite.", nameof(inputScale));
        }

        Check(target.Rows, target.Type, sources);
    }

    /// <summary>Checks that sources can become a matrix.</summary>
    /// <exception cref="ArgumentException">The row counts do not sum to the rows of the matrix, a source type cannot be packed, or quantised rows have no scales.</exception>
    internal static void Check(int matrixRows, ElementType type, IReadOnlyList<SourceRows> sources)
    {
        long rows = 0;
        foreach (SourceRows source in sources)
        {
            bool onlyAsIs = source.Type is ElementType.I4 or ElementType.U4 or ElementType.U8 or ElementType.F8E4M3Block;
            if (onlyAsIs && type != source.Type)
            {
                throw new ArgumentException($"{source.Type} weights cannot be packed to {type}, only to {source.Type}.", nameof(sources));
            }

            if (type is ElementType.U4 or ElementType.U8 or ElementType.F8E4M3Block && source.Address != 0 && source.Type != type)
            {
                throw new ArgumentException($"{source.Type} weights cannot be packed to {type}.", nameof(sources));
            }

            if (source.Type.IsQuantized() && source.Address != 0 && source.Provider is null &&
                source.Scales is not { Address: not 0, Type: ElementType.F32 or ElementType.F16 or ElementType.BF16 })
            {
                throw new ArgumentException($"{source.Type} weights need scales in F32, F16 or BF16.", nameof(sources));
            }

            if (source.Count < 0)
            {
                throw new ArgumentException($"{source.Count} rows given after {rows} for a matrix of {matrixRows}.", nameof(sources));
            }

            rows += source.Count;
        }

        if (rows != matrixRows)
        {
            throw new ArgumentException($"{rows} rows given for a matrix of {matrixRows}.", nameof(sources));
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

    /// <summary>An added matrix and the number of its first unit.</summary>
    private readonly record struct Item(PackedMatrix Target, SourceRows[] Sources, float InputScale, int FirstUnit);
}
