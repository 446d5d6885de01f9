using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Runs one or several products y = x . w^T together, distributed over the workers. Each output element is one sum over the columns in
/// order, whatever the number of tokens, tiles or workers. For quantised weights the rows of x are quantised, each row once per run. Keep
/// the object and reuse it: runs allocate nothing. Not thread-safe.
/// </summary>
public sealed unsafe class MatrixProducts : IMatrixProducts, IJob
{
    // Most tokens that share one pass over a block: their float32 sums (64 KB with two blocks) stay in the second-level cache.
    private const int UnitTokens = 128;

    // Up to about this many tokens, reading a block costs more than its arithmetic, so such units have the same cost.
    private const int BalancedTokens = 12;

    private readonly WorkerPool _pool;
    private readonly NativeBuffer _scratch;
    private NativeBuffer? _expansions;
    private readonly Item[] _items;
    private Unit[] _units = new Unit[64];
    private readonly WorkStealingRanges _ranges;
    private readonly QuantizedActivations _inputs = new();
    private int _itemCount;
    private int _unitCount;
    private long _cost;
    private bool _hasInputs;

    /// <summary>Allocates scratch memory for the workers of the pool.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="maxItems">Most products in one run.</param>
    public MatrixProducts(WorkerPool pool, int maxItems)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxItems);
        _pool = pool;
        _items = new Item[maxItems];
        _ranges = new WorkStealingRanges(pool.Threads);
        _scratch = new NativeBuffer(pool.Threads * ScratchBytes);
    }

    private static long ScratchBytes => UnitTokens * 2L * PanelKernels.BlockRows * sizeof(float);

    /// <summary>Adds a product to the next <see cref="Run()"/>. Rows [xRow, xRow + rows) of x give rows [yRow, yRow + rows) of y.</summary>
    /// <exception cref="ArgumentException">Types or sizes do not match. The products added before are dropped.</exception>
    /// <exception cref="InvalidOperationException">The run is full. The products added before are dropped.</exception>
    public void Add(PackedMatrix weights, Activation x, int xRow, Activation y, int yRow, int rows, Epilogue epilogue)
    {
        try
        {
            Check(weights, x, xRow, y, yRow, rows, epilogue);
        }
        catch
        {
            // Drop the products added before, so that the next caller's run does not contain them.
            Clear();
            throw;
        }

        if (rows > 0)
        {
            _items[_itemCount] = ActivationFormat.IsNeeded(weights)
                ? PreparedItem(weights, x, xRow, y, yRow, rows, epilogue)
                : new Item(weights, x.Address(xRow), x.Stride, -1, y, yRow, rows, epilogue);
            AddUnits(_itemCount++);
        }
    }

    void IMatrixProducts.Add(IMatrix weights, IActivation x, IActivation y, int rows, Epilogue epilogue) =>
        Add((PackedMatrix)weights, (Activation)x, 0, (Activation)y, 0, rows, epilogue);

    void IMatrixProducts.AddExperts(
        IMatrixTable weights, IRowGroups groups, ReadOnlySpan<bool> local, IActivation x, IActivation y, Epilogue epilogue)
    {
        ReadOnlySpan<int> counts = groups.Counts;
        int row = 0;
        for (int i = 0; i < counts.Length; row += counts[i++])
        {
            if (counts[i] > 0 && (local.IsEmpty || local[i]))
            {
                Add((PackedMatrix)weights[groups.FirstExpert + i]!, (Activation)x, row, (Activation)y, row, counts[i], epilogue);
            }
        }
    }

    /// <summary>Runs all products added since the last run.</summary>
    public void Run()
    {
        try
        {
            if (_hasInputs)
            {
                QuantizeInputs();
            }

            AssignRanges();
            _pool.Run(this, Math.Min(_pool.Threads, _unitCount));
        }
        finally
        {
            Clear();
        }
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose()
    {
        _scratch.Dispose();
        _expansions?.Dispose();
        _inputs.Dispose();
    }

    private Item PreparedItem(PackedMatrix weights, Activation x, int xRow, Activation y, int yRow, int rows, Epilogue epilogue)
    {
        ActivationFormat format = ActivationFormat.Of(weights);
        if (BlockProduct.NeedsExpansion(weights, rows))
        {
            _expansions ??= new NativeBuffer((long)_pool.Threads * BlockProduct.ExpansionBytes, clear: false);
        }

        _hasInputs = true;
        return new Item(weights, null, format.Stride, _inputs.Add(x, xRow, rows, format), y, yRow, rows, epilogue);
    }

    private void QuantizeInputs()
    {
        _inputs.Run(_pool);
        for (int i = 0; i < _itemCount; i++)
        {
            ref Item item = ref _items[i];
            if (item.Input >= 0)
            {
                item.X = _inputs.Row(item.Input);
            }
        }
    }

    private void Clear()
    {
        _itemCount = 0;
        _unitCount = 0;
        _cost = 0;
        _inputs.Clear();
        _hasInputs = false;
    }

    private void Check(PackedMatrix weights, Activation x, int xRow, Activation y, int yRow, int rows, Epilogue epilogue)
    {
        x.Check(xRow, rows, nameof(xRow));
        y.Check(yRow, rows, nameof(yRow));
        if ((x.Type != weights.Type && !weights.Type.IsQuantized()) || x.Columns != weights.Columns)
        {
            throw new ArgumentException($"x is {x.Type}[{x.Columns}], but the weights are {weights.Type}[{weights.Rows}, {weights.Columns}].", nameof(x));
        }

        int outputs = epilogue == Epilogue.SwiGlu ? weights.Rows / 2 : weights.Rows;
        bool paired = epilogue != Epilogue.SwiGlu || weights.Rows % (2 * PanelKernels.BlockRows) == 0;
        if ((epilogue == Epilogue.SwiGlu ? y.Columns > outputs : y.Columns != outputs) || !paired || (epilogue == Epilogue.Add && y.Type != ElementType.F32))
        {
            throw new ArgumentException($"y is {y.Type}[{y.Columns}], but the product has {outputs} columns ({epilogue}).", nameof(y));
        }

        if (rows > 0 && _itemCount == _items.Length)
        {
            throw new InvalidOperationException($"A run takes at most {_items.Length} products.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IJob.Run(int slot, int worker)
    {
        float* sums = (float*)(_scratch.Pointer + (worker * ScratchBytes));
        byte* expansion = _expansions is null ? null : _expansions.Pointer + ((long)worker * BlockProduct.ExpansionBytes);
        for (int unit = _ranges.Take(slot, out int likelyNext); unit >= 0; unit = _ranges.Take(slot, out likelyNext))
        {
            byte* next = likelyNext < 0 ? null : _items[_units[likelyNext].Item].Weights.Block(_units[likelyNext].Block);
            Compute(in _units[unit], sums, expansion, next);
        }
    }

    private void Compute(in Unit u, float* sums, byte* expansion, byte* next)
    {
        ref Item item = ref _items[u.Item];
        bool paired = item.Epilogue == Epilogue.SwiGlu;
        int row = item.YRow + u.FirstToken;
        int column = (paired ? u.Block / 2 : u.Block) * PanelKernels.BlockRows;
        int width = (paired ? 2 : 1) * PanelKernels.BlockRows;
        BlockProduct product = new()
        {
            Weights = item.Weights,
            X = item.X + (u.FirstToken * item.XStride),
            XStride = item.XStride,
            Tokens = u.Tokens,
            Width = width,
            Y = item.Y,
            YRow = row,
            Column = column,
            Expansion = expansion,
        };
        if (paired)
        {
            product.Run(u.Block, sums, item.Weights.Block(u.Block + 1));
            product.Run(u.Block + 1, sums + PanelKernels.BlockRows, next);
            OutputWriter.SwiGlu(sums, width, u.Tokens, item.Y, row, column);
            return;
        }

        product.Run(u.Block, sums, next);
        OutputWriter.Write(sums, width, u.Tokens, item.Y, row, column, item.Epilogue == Epilogue.Add);
    }

    private void AddUnits(int index)
    {
        ref Item item = ref _items[index];
        int blocksPerUnit = item.Epilogue == Epilogue.SwiGlu ? 2 : 1;
        int runs = (item.Rows + UnitTokens - 1) / UnitTokens;
        for (int run = 0; run < runs; run++)
        {
            int first = (int)((long)item.Rows * run / runs);
            int tokens = (int)((long)item.Rows * (run + 1) / runs) - first;
            for (int block = 0; block < item.Weights.Blocks; block += blocksPerUnit)
            {
                if (_unitCount == _units.Length)
                {
                    Array.Resize(ref _units, _units.Length * 2);
                }

                _cost += (long)Math.Max(tokens, BalancedTokens) * item.Weights.Steps * blocksPerUnit;
                _units[_unitCount++] = new Unit(index, block, first, tokens, _cost);
            }
        }
    }

    // Gives each worker consecutive units of about the same total cost.
    private void AssignRanges()
    {
        int slots = Math.Min(_pool.Threads, _unitCount);
        int unit = 0;
        for (int slot = 0; slot < slots; slot++)
        {
            int first = unit;
            long until = _cost * (slot + 1) / slots;
            while (unit < _unitCount && (_units[unit].CostSoFar <= until || slot == slots - 1))
            {
                unit++;
            }

            _ranges.Set(slot, first, unit);
        }

        for (int slot = slots; slot < _pool.Threads; slot++)
        {
            _ranges.Set(slot, 0, 0);
        }
    }

    private struct Item(PackedMatrix weights, byte* x, long xStride, int input, Activation y, int yRow, int rows, Epilogue epilogue)
    {
        /// <summary>First row of x. For prepared activations it is set when the run begins.</summary>
        public byte* X = x;
        public readonly PackedMatrix Weights = weights;
        public readonly long XStride = xStride;

        /// <summary>Index in <see cref="QuantizedActivations"/>, or -1 if x is used as it is.</summary>
        public readonly int Input = input;
        public readonly Activation Y = y;
        public readonly int YRow = yRow;
        public readonly int Rows = rows;
        public readonly Epilogue Epilogue = epilogue;
    }

    private readonly record struct Unit(int Item, int Block, int FirstToken, int Tokens, long CostSoFar);
}
