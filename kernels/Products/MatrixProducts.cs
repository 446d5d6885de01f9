using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Runs one or several products y = x . w^T at once, spread over the workers; a reused object, allocating nothing per run. Each
/// output element is summed over the columns in order in one chain, whatever the number of tokens, tiles or workers. It does not
/// know which layer or expert a weight belongs to.
/// </summary>
public sealed unsafe class MatrixProducts : IJob, IDisposable
{
    // Longest run of tokens that shares one pass over a block: its float32 sums (128 KB with two blocks) stay in the second-level cache.
    private const int UnitTokens = 256;

    // From this many tokens on a block is read more than once, so its column range is cut to stay in the second-level cache.
    private const int ManyTokens = 64;
    private const int ChunkSteps = 640;
    private const int ManyChunkSteps = 1024;

    // A tile of 6 tokens x 4 panels keeps 24 sums in registers.
    private const int TileTokens = 6;

    // Smaller pieces of a stream that is read once lose speed to its ramp-up.
    private const long StreamBytes = 1 << 20;

    private readonly WorkerPool _pool;
    private readonly NativeBuffer _scratch;
    private readonly Item[] _items;
    private Unit[] _units = new Unit[64];
    private int _itemCount;
    private int _unitCount;

    /// <summary>Reserves scratch memory for the pool's workers.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="maxItems">Most products of one run.</param>
    public MatrixProducts(WorkerPool pool, int maxItems)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxItems);
        _pool = pool;
        _items = new Item[maxItems];
        _scratch = new NativeBuffer(pool.Threads * ScratchBytes);
    }

    private static long ScratchBytes => UnitTokens * 2L * PanelKernels.BlockRows * sizeof(float);

    /// <summary>Adds a product to the next <see cref="Run()"/>. Rows [xRow, xRow + rows) of x give rows [yRow, yRow + rows) of y.</summary>
    /// <exception cref="ArgumentException">Types or sizes do not fit each other.</exception>
    public void Add(PackedMatrix weights, Activation x, int xRow, Activation y, int yRow, int rows, Epilogue epilogue)
    {
        x.Check(xRow, rows, nameof(xRow));
        y.Check(yRow, rows, nameof(yRow));
        if (x.Type != weights.Type || x.Columns != weights.Columns)
        {
            throw new ArgumentException($"x is {x.Type}[{x.Columns}], the weights are {weights.Type}[{weights.Rows}, {weights.Columns}].", nameof(x));
        }

        int outputs = epilogue == Epilogue.SwiGlu ? weights.Rows / 2 : weights.Rows;
        bool paired = epilogue != Epilogue.SwiGlu || weights.Rows % (2 * PanelKernels.BlockRows) == 0;
        if ((epilogue == Epilogue.SwiGlu ? y.Columns > outputs : y.Columns != outputs) || !paired || (epilogue == Epilogue.Add && y.Type != ElementType.F32))
        {
            throw new ArgumentException($"y is {y.Type}[{y.Columns}], the product has {outputs} columns ({epilogue}).", nameof(y));
        }

        if (rows == 0)
        {
            return;
        }

        _items[_itemCount] = new Item(weights, x.Address(xRow), x.Stride, y, yRow, rows, epilogue);
        Cut(_itemCount++);
    }

    /// <summary>Runs all products added since the last run.</summary>
    public void Run()
    {
        _pool.Run(this, _unitCount);
        _itemCount = 0;
        _unitCount = 0;
    }

    /// <summary>Frees the scratch memory.</summary>
    public void Dispose() => _scratch.Dispose();

    void IJob.Run(int unit, int worker)
    {
        ref Unit u = ref _units[unit];
        ref Item item = ref _items[u.Item];
        float* sums = (float*)(_scratch.Pointer + (worker * ScratchBytes));
        if (item.Epilogue == Epilogue.SwiGlu)
        {
            for (int block = u.FirstBlock; block < u.FirstBlock + u.Blocks; block += 2)
            {
                const int Width = 2 * PanelKernels.BlockRows;
                Multiply(ref item, block, u.FirstToken, u.Tokens, sums, Width);
                Multiply(ref item, block + 1, u.FirstToken, u.Tokens, sums + PanelKernels.BlockRows, Width);
                SumsOutput.SwiGlu(sums, Width, u.Tokens, item.Y, item.YRow + u.FirstToken, block / 2 * PanelKernels.BlockRows);
            }

            return;
        }

        for (int block = u.FirstBlock; block < u.FirstBlock + u.Blocks; block++)
        {
            Multiply(ref item, block, u.FirstToken, u.Tokens, sums, PanelKernels.BlockRows);
            SumsOutput.Write(sums, PanelKernels.BlockRows, u.Tokens, item.Y, item.YRow + u.FirstToken, block * PanelKernels.BlockRows, item.Epilogue == Epilogue.Add);
        }
    }

    private static void Multiply(ref Item item, int block, int firstToken, int tokens, float* sums, int width)
    {
        PackedMatrix w = item.Weights;
        bool full = w.PanelsOf(block) == PanelKernels.BlockPanels;
        PanelTable table = full ? w.Full : w.Last;
        PanelArgs args = default;
        args.XStride = item.XStride;
        args.YStride = width * sizeof(float);
        byte* x = item.X + (firstToken * item.XStride);
        if (tokens <= table.MaxTokens)
        {
            args.X = x;
            args.W = w.Block(block);
            args.Y = sums;
            args.Steps = w.Steps;
            args.Tokens = tokens;
            (full ? w.Streamed : w.Last).Call(&args);
            return;
        }

        int limit = tokens >= ManyTokens ? ManyChunkSteps : ChunkSteps;
        int chunks = (w.Steps + limit - 1) / limit;
        int chunk = (((w.Steps + chunks - 1) / chunks) + PanelKernels.StepUnit - 1) / PanelKernels.StepUnit * PanelKernels.StepUnit;
        int tile = table.Balanced(tokens, Math.Min(TileTokens, table.MaxTokens));
        for (int step = 0; step < w.Steps; step += chunk)
        {
            args.Steps = Math.Min(chunk, w.Steps - step);
            args.W = w.Block(block) + ((long)step * table.WeightStride);
            args.Accumulate = step == 0 ? 0 : 1;
            for (int token = 0; token < tokens; token += tile)
            {
                args.X = x + (token * item.XStride) + (step * 4L);
                args.Y = sums + ((long)token * width);
                args.Tokens = Math.Min(tile, tokens - token);
                table.Call(&args);
            }
        }
    }

    // Few tokens: the weights stream from memory once, so pieces are long and the workers share them as they come free.
    // Many tokens: arithmetic decides, so pieces are small and evenly loaded.
    private void Cut(int index)
    {
        ref Item item = ref _items[index];
        int granule = item.Epilogue == Epilogue.SwiGlu ? 2 : 1;
        int granules = item.Weights.Blocks / granule;
        int perUnit = 1;
        if (item.Rows <= item.Weights.Full.MaxTokens)
        {
            long pieces = Math.Max(1, item.Weights.ByteLength / StreamBytes);
            pieces = (pieces + _pool.Threads - 1) / _pool.Threads * _pool.Threads;
            perUnit = (int)Math.Max(1, granules / pieces);
        }

        int runs = (item.Rows + UnitTokens - 1) / UnitTokens;
        for (int run = 0; run < runs; run++)
        {
            int first = (int)((long)item.Rows * run / runs);
            int tokens = (int)((long)item.Rows * (run + 1) / runs) - first;
            for (int g = 0; g < granules; g += perUnit)
            {
                if (_unitCount == _units.Length)
                {
                    Array.Resize(ref _units, _units.Length * 2);
                }

                int count = Math.Min(perUnit, granules - g);
                _units[_unitCount++] = new Unit(index, g * granule, count * granule, first, tokens);
            }
        }
    }

    private readonly struct Item(PackedMatrix weights, byte* x, long xStride, Activation y, int yRow, int rows, Epilogue epilogue)
    {
        public readonly PackedMatrix Weights = weights;
        public readonly byte* X = x;
        public readonly long XStride = xStride;
        public readonly Activation Y = y;
        public readonly int YRow = yRow;
        public readonly int Rows = rows;
        public readonly Epilogue Epilogue = epilogue;
    }

    private readonly record struct Unit(int Item, int FirstBlock, int Blocks, int FirstToken, int Tokens);
}
