using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// Causal attention of a batch over paged keys and values with online softmax. A position's result depends on its own context alone:
/// the cache is walked in fixed tiles of 128 positions within fixed segments of 4096, partial results are merged in segment order,
/// and masked positions add exact zeros; so batch, chunking and threads change no bit. Keys and values held as codes are expanded once for all rows of a unit, and their scales
/// multiply scores and probabilities. A reused object, allocating nothing per run.
/// </summary>
public sealed unsafe class PagedAttention : IJob, IDisposable
{
    private const int TileBlocks = 4;
    private const int TilePositions = TileBlocks * KvBlocks.Positions;

    // Fresh softmax state per segment keeps float32 sums short on long contexts.
    private const int SegmentPositions = 4096;

    // With so few query rows (decode) the cache is read once, from memory, in pieces too short for the processor to foresee.
    private const int StreamRows = 16;

    private readonly WorkerPool _pool;
    private readonly NativeBuffer _scratch;
    private readonly KvBlocks _cache;
    private readonly PanelTable _keyTable;
    private readonly PanelTable _valueTable;
    private readonly PanelTable _valueRest;
    private readonly bool _shuffles;
    private readonly int _rows;
    private AttentionBatch _batch = null!;
    private QueryBuffer _queries = null!;
    private Activation _output = null!;
    private int _group;

    /// <summary>Reserves scratch memory for the pool's workers.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="cache">Keys and values.</param>
    /// <param name="groupHeads">Query heads that share a key head.</param>
    /// <param name="kernels">What multiplies.</param>
    public PagedAttention(WorkerPool pool, KvBlocks cache, int groupHeads, PanelKernels kernels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groupHeads);
        _pool = pool;
        _cache = cache;
        _rows = Math.Max(groupHeads, AttentionBatch.TileRows);
        _keyTable = kernels.Table(cache.ProductType, KvBlocks.Positions / PanelKernels.PanelRows, KvBlocks.Positions * 4, ReadAhead.None);
        int panels = cache.ValueColumns / PanelKernels.PanelRows;
        _valueTable = kernels.Table(cache.ProductType, Math.Min(panels, PanelKernels.BlockPanels), cache.ValueColumns * 4, ReadAhead.None, pieces: true);
        int rest = panels % PanelKernels.BlockPanels;
        _valueRest = rest == 0 ? _valueTable : kernels.Table(cache.ProductType, rest, cache.ValueColumns * 4, ReadAhead.None, pieces: true);
        _shuffles = kernels.Isa >= InstructionSet.Avx512;
        _scratch = new NativeBuffer(pool.Threads * ScratchBytes);
    }

    private long StateBytes => _rows * sizeof(float) * ((2L * TilePositions) + (2 * _cache.ValueColumns) + 16);

    // For codes: scales of a tile's keys and values, one expanded key head, the expanded value heads of a tile.
    private long ScratchBytes => StateBytes
        + (_cache.HasCodes ? (2 * TilePositions * sizeof(float)) + _cache.ProductKeyBytes + (TileBlocks * _cache.ProductValueBytes) : 0);

    /// <summary>Attends for all rows of <paramref name="batch"/>; their keys and values are in the cache already.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="queries">Their prepared queries.</param>
    /// <param name="group">Layer group within the cache.</param>
    /// <param name="output">Receives [rows, heads * head size] in the cache's type.</param>
    public void Run(AttentionBatch batch, QueryBuffer queries, int group, Activation output)
    {
        if (output.Type != _cache.ProductType || output.Columns != queries.Heads * _cache.HeadSize || queries.GroupHeads > _rows)
        {
            throw new ArgumentException($"The output is {output.Type}[{output.Columns}] for {queries.Heads} heads of {_cache.HeadSize} {_cache.ProductType}.", nameof(output));
        }

        if (batch.GroupHeads != queries.GroupHeads || batch.KeyHeads != _cache.Heads)
        {
            throw new ArgumentException($"The batch is of {batch.KeyHeads} x {batch.GroupHeads} heads, the queries and the cache of {_cache.Heads} x {queries.GroupHeads}.", nameof(batch));
        }

        output.Check(0, batch.Rows, nameof(output));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Rows, queries.MaxRows, nameof(batch));
        _cache.ThrowIfNoMemory(group);
        (_batch, _queries, _group, _output) = (batch, queries, group, output);
        _pool.Run(this, batch.TileCount);
    }

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IJob.Run(int unit, int worker)
    {
        ref readonly AttentionBatch.Tile tile = ref _batch.TileAt(unit);
        ref readonly AttentionSlice slice = ref _batch.Slice(tile.Slice);
        int rows = tile.Count * _queries.GroupHeads;
        Scratch s = new(_scratch.Pointer + (worker * ScratchBytes), _rows, _cache.ValueColumns, _cache.HasCodes);
        ReadOnlySpan<int> blocks = slice.Blocks.Span;
        int firstPosition = slice.Start + tile.First;
        int end = firstPosition + tile.Count;
        byte* queries = _queries.Address(tile.KeyHead * _queries.GroupHeads, slice.FirstRow + tile.First);

        // Rows before `from` end in an earlier segment and stay as they are.
        for (int segment = 0; segment < end; segment += SegmentPositions)
        {
            float* sums = segment == 0 ? s.Total : s.Segment;
            float* max = segment == 0 ? s.TotalMax : s.SegmentMax;
            float* mass = segment == 0 ? s.TotalMass : s.SegmentMass;
            int from = Math.Max(0, segment - firstPosition) * _queries.GroupHeads;
            new Span<float>(sums + ((long)from * _cache.ValueColumns), (rows - from) * _cache.ValueColumns).Clear();
            new Span<float>(max + from, rows - from).Fill(float.NegativeInfinity);
            new Span<float>(mass + from, rows - from).Clear();
            int segmentEnd = Math.Min(end, segment + SegmentPositions);
            for (int position = segment; position < segmentEnd; position += TilePositions)
            {
                Attend(in s, queries, blocks, tile.KeyHead, position, firstPosition, rows, end, sums, max, mass);
            }

            if (segment > 0)
            {
                Merge(in s, from, rows);
            }
        }

        Write(in s, tile.KeyHead, slice.FirstRow + tile.First, rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(
        in Scratch s, byte* queries, ReadOnlySpan<int> blocks, int head, int position, int firstPosition, int rows, int end, float* sums, float* max, float* mass)
    {
        int group = _queries.GroupHeads;
        int from = Math.Max(0, position - firstPosition) * group;
        int count = (Math.Min(end, position + TilePositions) - position + KvBlocks.Positions - 1) / KvBlocks.Positions;
        PanelArgs args = default;
        ReadCursor next = default;
        if (rows <= StreamRows && Sse.IsSupported)
        {
            next.Begin(_cache.HeadBytes);
            int first = (position + TilePositions) / KvBlocks.Positions;
            for (int b = first; b < first + TileBlocks && b * KvBlocks.Positions < end; b++)
            {
                next.Add(_cache.Keys(_group, blocks[b], head));
            }

            next.SpreadOver(count + rows);
        }

        for (int b = 0; b < count; b++)
        {
            next.Advance();
            args.W = _cache.HasCodes ? ExpandKeys(in s, blocks[(position / KvBlocks.Positions) + b], head, b) : _cache.Keys(_group, blocks[(position / KvBlocks.Positions) + b], head);
            args.XStride = _queries.Stride;
            args.YStride = TilePositions * sizeof(float);
            args.Steps = _cache.KeySteps;
            Tiles(_keyTable, ref args, queries, s.Scores + (b * KvBlocks.Positions), from, rows);
        }

        for (int row = from; row < rows; row++)
        {
            next.Advance();
            int visible = Math.Min(count * KvBlocks.Positions, firstPosition + (row / group) - position + 1);
            Softmax(s.Scores + (row * TilePositions), s.Scores + ((_rows + row) * (long)TilePositions), s.Scales, visible, count * KvBlocks.Positions,
                max + row, mass + row, sums + ((long)row * _cache.ValueColumns));
        }

        args.XStride = TilePositions * sizeof(float);
        args.YStride = _cache.ValueColumns * sizeof(float);
        args.Steps = _cache.ValueSteps;
        args.Accumulate = 1;
        byte* probabilities = (byte*)(s.Scores + ((long)_rows * TilePositions));
        byte** values = stackalloc byte*[TileBlocks];
        byte** pieces = stackalloc byte*[TileBlocks];
        for (int b = 0; b < count; b++)
        {
            int block = blocks[(position / KvBlocks.Positions) + b];
            values[b] = _cache.HasCodes ? ExpandValues(in s, block, head, b) : _cache.Values(_group, block, head);
        }

        args.Pieces = pieces;
        args.PieceCount = count;
        for (int column = 0; column < _cache.ValueColumns; column += PanelKernels.BlockRows)
        {
            for (int b = 0; b < count; b++)
            {
                pieces[b] = values[b] + (column * 4);
            }

            PanelTable table = _cache.ValueColumns - column >= PanelKernels.BlockRows ? _valueTable : _valueRest;
            Tiles(table, ref args, probabilities, sums + column, from, rows);
        }
    }

    private byte* ExpandKeys(in Scratch s, int block, int head, int tileBlock)
    {
        ushort* scales = _cache.Scales(_group, block, head);
        KvCodes.ExpandScales(scales, s.Scales + (tileBlock * KvBlocks.Positions), KvBlocks.Positions);
        KvCodes.ExpandScales(scales + KvBlocks.Positions, s.Scales + TilePositions + (tileBlock * KvBlocks.Positions), KvBlocks.Positions);
        int pairs = _cache.KeySteps * _cache.ProductType.StepElements() / 2;
        KvCodes.Expand(_cache.Keys(_group, block, head), _cache.Type, s.Expanded, _cache.ProductType, pairs, KvBlocks.Positions, _shuffles);
        return s.Expanded;
    }

    private byte* ExpandValues(in Scratch s, int block, int head, int tileBlock)
    {
        byte* target = s.Expanded + _cache.ProductKeyBytes + (tileBlock * _cache.ProductValueBytes);
        KvCodes.Expand(_cache.Values(_group, block, head), _cache.Type, target, _cache.ProductType, KvBlocks.Positions / 2, _cache.ValueColumns, _shuffles);
        return target;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tiles(PanelTable table, ref PanelArgs args, byte* x, float* y, int from, int rows)
    {
        int limit = table.Panels == PanelKernels.BlockPanels ? Math.Min(6, table.MaxTokens) : table.MaxTokens;
        int tiles = (rows - from + limit - 1) / limit;
        for (int tile = 0; tile < tiles; tile++)
        {
            int row = from + ((rows - from) * tile / tiles);
            args.X = x + (row * args.XStride);
            args.Y = (float*)((byte*)y + (row * args.YStride));
            args.Tokens = from + ((rows - from) * (tile + 1) / tiles) - row;
            fixed (PanelArgs* pointer = &args)
            {
                table.Call(pointer);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax(float* scores, float* probabilities, float* scales, int visible, int width, float* max, float* mass, float* sums)
    {
        Vector512<int> lanes = Vector512<int>.Indices;
        Vector512<float> hidden = Vector512.Create(float.NegativeInfinity);
        Vector512<float> peak = Vector512.Create(*max);
        for (int i = 0; i < width; i += 16)
        {
            Vector512<float> seen = Vector512.LessThan(lanes + Vector512.Create(i), Vector512.Create(visible)).AsSingle();
            Vector512<float> score = Vector512.Load(scores + i);
            if (scales is not null)
            {
                score *= Vector512.Load(scales + i);
            }

            score = Vector512.ConditionalSelect(seen, score, hidden);
            score.Store(scores + i);
            peak = Vector512.Max(peak, score);
        }

        float newMax = VectorMath.Max(peak);
        Vector512<float> subtract = Vector512.Create(newMax);
        Vector512<float> total = default;
        for (int i = 0; i < width; i += 16)
        {
            Vector512<float> p = VectorMath.Exp2(Vector512.Load(scores + i) - subtract);
            total += p;
            if (scales is not null)
            {
                p *= Vector512.Load(scales + TilePositions + i);
            }

            if (_cache.ProductType == ElementType.BF16)
            {
                Conversion.Store16(p, (ushort*)probabilities + i);
            }
            else
            {
                p.Store(probabilities + i);
            }
        }

        float factor = VectorMath.Exp2(Vector512.Create(*max - newMax)).ToScalar();
        *mass = (*mass * factor) + VectorMath.Sum(total);
        *max = newMax;
        if (factor != 1f)
        {
            Vector512<float> f = Vector512.Create(factor);
            for (int i = 0; i < _cache.ValueColumns; i += 16)
            {
                (Vector512.Load(sums + i) * f).Store(sums + i);
            }
        }
    }

    // Two softmax states over different positions make one: each is scaled to the common maximum.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Merge(in Scratch s, int from, int rows)
    {
        for (int row = from; row < rows; row++)
        {
            float max = MathF.Max(s.TotalMax[row], s.SegmentMax[row]);
            Vector512<float> keep = VectorMath.Exp2(Vector512.Create(s.TotalMax[row] - max));
            Vector512<float> join = VectorMath.Exp2(Vector512.Create(s.SegmentMax[row] - max));
            float* total = s.Total + ((long)row * _cache.ValueColumns);
            float* segment = s.Segment + ((long)row * _cache.ValueColumns);
            for (int i = 0; i < _cache.ValueColumns; i += 16)
            {
                Vector512.FusedMultiplyAdd(Vector512.Load(segment + i), join, Vector512.Load(total + i) * keep).Store(total + i);
            }

            s.TotalMass[row] = (s.TotalMass[row] * keep.ToScalar()) + (s.SegmentMass[row] * join.ToScalar());
            s.TotalMax[row] = max;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(in Scratch s, int keyHead, int firstRow, int rows)
    {
        int group = _queries.GroupHeads;
        int d = _cache.HeadSize;
        for (int row = 0; row < rows; row++)
        {
            float* sums = s.Total + ((long)row * _cache.ValueColumns);
            float scale = 1f / s.TotalMass[row];
            byte* target = _output.Address(firstRow + (row / group)) + ((((long)keyHead * group) + (row % group)) * d * _cache.ProductType.Size());
            for (int i = 0; i < _cache.ValueColumns; i += 16)
            {
                (Vector512.Load(sums + i) * Vector512.Create(scale)).Store(sums + i);
            }

            if (_cache.ProductType == ElementType.BF16 && d % 16 == 0)
            {
                for (int i = 0; i < d; i += 16)
                {
                    Conversion.Store16(Vector512.Load(sums + i), (ushort*)target + i);
                }
            }
            else
            {
                Conversion.Convert((byte*)sums, ElementType.F32, target, _cache.ProductType, d);
            }
        }
    }

    /// <summary>
    /// One worker's memory: scores and probabilities [rows, 128] each, sums [rows, value columns] twice, softmax states; for codes also
    /// scales of keys and of values [128] each, and what they expand to.
    /// </summary>
    private readonly struct Scratch(byte* memory, int rows, int columns, bool codes)
    {
        public readonly float* Scores = (float*)memory;
        public readonly float* Total = (float*)memory + (2L * rows * TilePositions);
        public readonly float* Segment = (float*)memory + (2L * rows * TilePositions) + ((long)rows * columns);

        private readonly float* _state = (float*)memory + (2L * rows * TilePositions) + (2L * rows * columns);

        /// <summary>Null where keys and values are no codes.</summary>
        public readonly float* Scales = codes ? (float*)memory + (rows * ((2L * TilePositions) + (2L * columns) + 16)) : null;

        public byte* Expanded => (byte*)(Scales + (2 * TilePositions));

        public float* TotalMax => _state;

        public float* TotalMass => _state + rows;

        public float* SegmentMax => _state + (2 * rows);

        public float* SegmentMass => _state + (3 * rows);
    }
}
