using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// Causal attention of a batch over paged keys and values with online softmax. The result at a position depends only on its own context:
/// the cache is read in fixed tiles of 128 positions within fixed segments of 4096, partial results are merged in segment order, and masked
/// positions add exact zeros. So batch, chunking and threads change no bit. Quantised keys and values are expanded once for all rows of a
/// unit, and their scales multiply scores and probabilities. Keep the object and reuse it: runs allocate nothing.
/// </summary>
public sealed unsafe class PagedAttention : IJob, IDisposable
{
    private const int TileBlocks = TilePositions / KvBlocks.Positions;
    private const int TilePositions = TileSoftmax.Positions;

    // A new softmax state for each segment keeps float32 sums short in long contexts.
    private const int SegmentPositions = 4096;

    // With this few query rows (decode) the cache is read once from memory, in pieces too short for the hardware prefetcher.
    private const int StreamRows = 16;

    private readonly WorkerPool _pool;
    private readonly NativeBuffer _scratch;
    private readonly KvBlocks _cache;
    private readonly KvKernels _keys;
    private readonly KvKernels _values;
    private readonly KvKernels _valueTail;
    private readonly bool _allowVbmi;
    private readonly bool _widened;
    private readonly int _rows;
    private AttentionBatch _batch = null!;
    private QueryBuffer _queries = null!;
    private Activation _output = null!;
    private int _group;

    /// <summary>Allocates scratch memory for the workers of the pool.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="cache">Keys and values.</param>
    /// <param name="groupHeads">Number of query heads that share a key/value head.</param>
    /// <param name="kernels">The kernels that multiply.</param>
    public PagedAttention(WorkerPool pool, KvBlocks cache, int groupHeads, PanelKernels kernels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groupHeads);
        _pool = pool;
        _cache = cache;
        _rows = Math.Max(groupHeads, AttentionBatch.TileRows);
        _keys = new KvKernels(kernels, cache.ComputeType, KvBlocks.Positions / PanelKernels.PanelRows, KvBlocks.Positions, pieces: false);
        int panels = cache.ValueColumns / PanelKernels.PanelRows;
        _values = new KvKernels(kernels, cache.ComputeType, Math.Min(panels, PanelKernels.BlockPanels), cache.ValueColumns, pieces: true);
        int rest = panels % PanelKernels.BlockPanels;
        _valueTail = rest == 0 ? _values : new KvKernels(kernels, cache.ComputeType, rest, cache.ValueColumns, pieces: true);
        _keys.Prepare(groupHeads, KeyLines(groupHeads));
        _values.Prepare(groupHeads, ValueLines(groupHeads));
        _valueTail.Prepare(groupHeads, ValueLines(groupHeads));
        _widened = kernels.WidensX(cache.ComputeType);
        _allowVbmi = kernels.Isa >= InstructionSet.Avx512;
        _scratch = new NativeBuffer(pool.Threads * ScratchBytes);
    }

    private long StateBytes => _rows * sizeof(float) * ((2L * TilePositions) + (2 * _cache.ValueColumns) + 16);

    // Quantised caches also need the scales of the keys and values of a tile, one expanded key head, and the expanded value heads of a tile.
    private long ScratchBytes => StateBytes
        + (_cache.IsQuantized ? (2 * TilePositions * sizeof(float)) + _cache.ExpandedKeyBytes + (TileBlocks * _cache.ExpandedValueBytes) : 0);

    /// <summary>Computes attention for all rows of <paramref name="batch"/>. The cache must already contain their keys and values.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="queries">The queries of the rows, from <see cref="QkvPreprocessor"/>.</param>
    /// <param name="group">Layer group in the cache.</param>
    /// <param name="output">Receives [rows, heads * head size] in the compute type of the cache.</param>
    public void Run(AttentionBatch batch, QueryBuffer queries, int group, Activation output)
    {
        if (output.Type != _cache.ComputeType || output.Columns != queries.Heads * _cache.HeadSize || queries.GroupHeads > _rows)
        {
            throw new ArgumentException($"The output is {output.Type}[{output.Columns}], which does not match {queries.Heads} heads of {_cache.HeadSize} {_cache.ComputeType} elements.", nameof(output));
        }

        if (queries.Widened != _widened)
        {
            throw new ArgumentException("The queries are stored for other kernels than those of this attention.", nameof(queries));
        }

        if (batch.GroupHeads != queries.GroupHeads || batch.KeyHeads != _cache.Heads)
        {
            throw new ArgumentException($"The batch has {batch.KeyHeads} x {batch.GroupHeads} heads, but the queries and the cache have {_cache.Heads} x {queries.GroupHeads}.", nameof(batch));
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
        Scratch s = new(_scratch.Pointer + (worker * ScratchBytes), _rows, _cache.ValueColumns, _cache.IsQuantized);
        ReadOnlySpan<int> blocks = slice.Blocks.Span;
        int firstPosition = slice.Start + tile.First;
        int end = firstPosition + tile.Count;
        byte* queries = _queries.Address(tile.KeyHead * _queries.GroupHeads, slice.FirstRow + tile.First);

        // Rows before `from` end in an earlier segment and need no more work.
        for (int segment = 0; segment < end; segment += SegmentPositions)
        {
            float* sums = segment == 0 ? s.Total : s.Segment;
            float* max = segment == 0 ? s.TotalMax : s.SegmentMax;
            float* expSum = segment == 0 ? s.TotalExpSum : s.SegmentExpSum;
            int from = Math.Max(0, segment - firstPosition) * _queries.GroupHeads;
            new Span<float>(sums + ((long)from * _cache.ValueColumns), (rows - from) * _cache.ValueColumns).Clear();
            new Span<float>(max + from, rows - from).Fill(float.NegativeInfinity);
            new Span<float>(expSum + from, rows - from).Clear();
            int segmentEnd = Math.Min(end, segment + SegmentPositions);
            for (int position = segment; position < segmentEnd; position += TilePositions)
            {
                AttendTile(in s, queries, blocks, tile.KeyHead, position, firstPosition, rows, end, sums, max, expSum);
            }

            if (segment > 0)
            {
                MergeSegment(in s, from, rows);
            }
        }

        WriteOutput(in s, tile.KeyHead, slice.FirstRow + tile.First, rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AttendTile(
        in Scratch s, byte* queries, ReadOnlySpan<int> blocks, int head, int position, int firstPosition, int rows, int end, float* sums, float* max, float* expSum)
    {
        int group = _queries.GroupHeads;
        int from = Math.Max(0, position - firstPosition) * group;
        int block = position / KvBlocks.Positions;
        int count = Math.Min(TileBlocks, ((end + KvBlocks.Positions - 1) / KvBlocks.Positions) - block);
        bool readsAhead = rows <= StreamRows && position + TilePositions < end;
        PanelArgs args = default;
        args.XStride = _queries.Stride;
        args.YStride = TilePositions * sizeof(float);
        args.Steps = _cache.KeySteps;
        int lines = readsAhead ? KeyLines(rows - from) : 0;
        byte** next = stackalloc byte*[TileBlocks];
        for (int b = 0; b < count; b++)
        {
            next[b] = readsAhead ? _cache.Keys(_group, blocks[NextBlock(block + b, end)], head) : null;
            args.Next = next[b];
            args.W = _cache.IsQuantized ? ExpandKeys(in s, blocks[block + b], head, b) : _cache.Keys(_group, blocks[block + b], head);
            _keys.Multiply(ref args, queries, s.Scores + (b * KvBlocks.Positions), from, rows, lines);
        }

        TileSoftmax softmax = new()
        {
            Scores = s.Scores,
            Probabilities = s.Scores + ((long)_rows * TilePositions),
            Scales = s.Scales,
            Width = count * KvBlocks.Positions,
            Type = _cache.ComputeType,
            Widened = _widened,
            Max = max,
            ExpSum = expSum,
            NextMax = s.NextMax,
            Sums = sums,
            Columns = _cache.ValueColumns,
        };
        softmax.Run(from, rows, firstPosition - position + 1, group);
        args.XStride = TilePositions * sizeof(float);
        args.YStride = _cache.ValueColumns * sizeof(float);
        args.Steps = _cache.ValueSteps;
        args.Accumulate = 1;
        byte* probabilities = (byte*)softmax.Probabilities;
        byte** values = stackalloc byte*[TileBlocks];
        byte** pieces = stackalloc byte*[2 * TileBlocks];
        for (int b = 0; b < count; b++)
        {
            values[b] = _cache.IsQuantized ? ExpandValues(in s, blocks[block + b], head, b) : _cache.Values(_group, blocks[block + b], head);
            pieces[(2 * b) + 1] = readsAhead ? _cache.Values(_group, blocks[NextBlock(block + b, end)], head) : null;
        }

        args.Pieces = pieces;
        args.PieceCount = count;
        lines = readsAhead ? ValueLines(rows - from) : 0;
        for (int column = 0; column < _cache.ValueColumns; column += PanelKernels.BlockRows)
        {
            for (int b = 0; b < count; b++)
            {
                pieces[2 * b] = values[b] + (column * 4);
            }

            KvKernels kernels = _cache.ValueColumns - column >= PanelKernels.BlockRows ? _values : _valueTail;
            kernels.Multiply(ref args, probabilities, sums + column, from, rows, lines);
        }
    }

    // The lines of a later tile that each group of steps reads ahead: keys while keys are multiplied, values and scales while values are.
    private int KeyLines(int rows) => KvKernels.Lines(_cache.KeyBytes, (long)_cache.KeySteps * _keys.Calls(rows));

    private int ValueLines(int rows)
    {
        int calls = (_cache.ValueColumns / PanelKernels.BlockRows * _values.Calls(rows)) + (_valueTail == _values ? 0 : _valueTail.Calls(rows));
        return KvKernels.Lines(_cache.ValueBytes, (long)_cache.ValueSteps * calls);
    }

    // The block a tile later, or the last one, which is in cache.
    private static int NextBlock(int block, int end) => Math.Min(block + TileBlocks, (end - 1) / KvBlocks.Positions);

    private byte* ExpandKeys(in Scratch s, int block, int head, int tileBlock)
    {
        ushort* scales = _cache.Scales(_group, block, head);
        KvQuantizer.ExpandScales(scales, s.Scales + (tileBlock * KvBlocks.Positions), KvBlocks.Positions);
        KvQuantizer.ExpandScales(scales + KvBlocks.Positions, s.Scales + TilePositions + (tileBlock * KvBlocks.Positions), KvBlocks.Positions);
        int pairs = _cache.KeySteps * _cache.ComputeType.ElementsPerStep() / 2;
        KvQuantizer.Expand(_cache.Keys(_group, block, head), _cache.Type, s.Expanded, _cache.ComputeType, pairs, KvBlocks.Positions, _allowVbmi);
        return s.Expanded;
    }

    private byte* ExpandValues(in Scratch s, int block, int head, int tileBlock)
    {
        byte* target = s.Expanded + _cache.ExpandedKeyBytes + (tileBlock * _cache.ExpandedValueBytes);
        KvQuantizer.Expand(_cache.Values(_group, block, head), _cache.Type, target, _cache.ComputeType, KvBlocks.Positions / 2, _cache.ValueColumns, _allowVbmi);
        return target;
    }

    // Merges two softmax states over different positions: each is scaled to the common maximum.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MergeSegment(in Scratch s, int from, int rows)
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

            s.TotalExpSum[row] = (s.TotalExpSum[row] * keep.ToScalar()) + (s.SegmentExpSum[row] * join.ToScalar());
            s.TotalMax[row] = max;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteOutput(in Scratch s, int keyHead, int firstRow, int rows)
    {
        int group = _queries.GroupHeads;
        int d = _cache.HeadSize;
        for (int row = 0; row < rows; row++)
        {
            float* sums = s.Total + ((long)row * _cache.ValueColumns);
            float scale = 1f / s.TotalExpSum[row];
            byte* target = _output.Address(firstRow + (row / group)) + ((((long)keyHead * group) + (row % group)) * d * _cache.ComputeType.Size());
            for (int i = 0; i < _cache.ValueColumns; i += 16)
            {
                (Vector512.Load(sums + i) * Vector512.Create(scale)).Store(sums + i);
            }

            if (_cache.ComputeType == ElementType.BF16 && d % 16 == 0)
            {
                for (int i = 0; i < d; i += 16)
                {
                    Conversion.StoreBf16(Vector512.Load(sums + i), (ushort*)target + i);
                }
            }
            else
            {
                Conversion.Convert((byte*)sums, ElementType.F32, target, _cache.ComputeType, d);
            }
        }
    }

    /// <summary>
    /// The scratch memory of one worker: scores and probabilities [rows, 128] each, two sums [rows, value columns], and softmax states. For
    /// quantised caches it also has the scales of keys and values [128] each, and expanded keys and values.
    /// </summary>
    private readonly struct Scratch(byte* memory, int rows, int columns, bool codes)
    {
        public readonly float* Scores = (float*)memory;
        public readonly float* Total = (float*)memory + (2L * rows * TilePositions);
        public readonly float* Segment = (float*)memory + (2L * rows * TilePositions) + ((long)rows * columns);

        private readonly float* _state = (float*)memory + (2L * rows * TilePositions) + (2L * rows * columns);

        /// <summary>Null if keys and values are not quantised.</summary>
        public readonly float* Scales = codes ? (float*)memory + (rows * ((2L * TilePositions) + (2L * columns) + 16)) : null;

        public byte* Expanded => (byte*)(Scales + (2 * TilePositions));

        public float* TotalMax => _state;

        public float* TotalExpSum => _state + rows;

        public float* SegmentMax => _state + (2 * rows);

        public float* SegmentExpSum => _state + (3 * rows);

        public float* NextMax => _state + (4 * rows);
    }
}
