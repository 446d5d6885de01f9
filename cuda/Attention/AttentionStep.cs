using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// The descriptors of a step in device memory, for all layers: where each row's keys and values go, its rotary angles, the units of attention, and the
/// block tables. The tables grow: each has a place of a power of two of at least 16 entries, and sequences can share blocks, so together they can need more
/// entries than there are blocks. Everything else keeps its address. Keep the object and reuse it. Not thread-safe.
/// </summary>
internal sealed class AttentionStep : IDisposable
{
    private readonly AttentionShape _shape;
    private readonly AttentionPlan _plan;
    private readonly int _maxRows;
    private readonly int _blocks;
    private readonly StepMemory _memory;
    private readonly StepTables _tables;

    /// <summary>Allocates the memory.</summary>
    /// <param name="driver">The device.</param>
    /// <param name="shape">The heads.</param>
    /// <param name="maxRows">Most rows in a batch.</param>
    /// <param name="blocks">Blocks of the pool. At first, there is memory for as many entries in the places of all block tables of a batch.</param>
    /// <param name="maxPartials">The same as in <see cref="CudaAttention"/>.</param>
    public AttentionStep(ICudaDriver driver, AttentionShape shape, int maxRows, int blocks, int maxPartials)
    {
        (_shape, _maxRows, _blocks) = (shape, maxRows, blocks);
        _plan = new AttentionPlan(shape.GroupHeads, maxPartials);
        long units = (long)maxRows * ((shape.GroupHeads / AttentionKernels.TileRows) + 1);
        long rowBytes = AttentionStepRow.Bytes + (shape.HeadSize * sizeof(float));
        _memory = new StepMemory(driver, AttentionStepHeader.Bytes + (maxRows * rowBytes) + (((2 * units) + maxPartials) * AttentionUnit.Bytes));
        try
        {
            _tables = new StepTables(driver, blocks);
        }
        catch
        {
            _memory.Dispose();
            throw;
        }
    }

    /// <summary>Address of the <see cref="AttentionStepHeader"/>. It does not change.</summary>
    public ulong Address => _memory.Address;

    /// <summary>Address of the block tables. It changes when they grow.</summary>
    public ulong Tables => _tables.Address;

    /// <summary>How much there is to do.</summary>
    public AttentionGrid Grid { get; private set; }

    /// <summary>Uploads the descriptors of a batch. The earlier work of the stream still finds those of the last one.</summary>
    /// <param name="batch">The sequences.</param>
    /// <param name="rotary">The rotary angles of their rows.</param>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentException">The batch has too many rows, other heads, or blocks that do not exist.</exception>
    /// <exception cref="CudaException">There is not enough memory for the block tables.</exception>
    public void UploadAsync(AttentionBatch batch, RotaryAngles rotary, nint stream)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Rows, _maxRows, nameof(batch));
        if (batch.GroupHeads != _shape.GroupHeads || batch.KeyHeads != _shape.KeyHeads)
        {
            throw new ArgumentException(
                $"The batch has {batch.KeyHeads} x {batch.GroupHeads} heads instead of {_shape.KeyHeads} x {_shape.GroupHeads}.", nameof(batch));
        }

        _plan.Build(batch);
        _tables.Begin(_plan.TableEntries);
        AttentionStepHeader header = Layout(batch.Rows, out long bytes);
        _memory.Wait();
        Span<byte> target = _memory.Content[..checked((int)bytes)];
        MemoryMarshal.Write(target, header);
        MemoryMarshal.AsBytes(_plan.Units).CopyTo(target[header.UnitsAt..]);
        MemoryMarshal.AsBytes(_plan.Merges).CopyTo(target[header.MergesAt..]);
        WriteRows(batch, MemoryMarshal.Cast<byte, AttentionStepRow>(target[header.RowsAt..]));
        WriteAngles(batch.Rows, rotary, MemoryMarshal.Cast<byte, float>(target[header.RotaryAt..]));
        _memory.UploadAsync(0, bytes, stream);
        _tables.UploadAsync(stream);
        Grid = new AttentionGrid(batch.Rows, header.Units, header.Merges);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tables.Dispose();
        _memory.Dispose();
    }

    private void WriteRows(AttentionBatch batch, Span<AttentionStepRow> rows)
    {
        int table = 0;
        foreach (ref readonly AttentionSlice slice in batch.Slices)
        {
            ReadOnlySpan<int> blocks = slice.Blocks.Span[..StepTables.EntriesOf(slice)];
            if (blocks.ContainsAnyExceptInRange(0, _blocks - 1))
            {
                throw new ArgumentException($"The blocks of row {slice.FirstRow} are not all among the {_blocks} of the pool.", nameof(batch));
            }

            for (int i = 0; i < slice.Count; i++)
            {
                int position = slice.Start + i;
                int offset = position % KvBlocks.Positions;

                // The last row of a block that begins in this batch clears the rest of it: no other row of the batch writes there.
                bool clears = i == slice.Count - 1 && position - offset >= slice.Start;
                rows[slice.FirstRow + i] = new AttentionStepRow { Block = blocks[position / KvBlocks.Positions], Position = offset, Clears = clears ? 1 : 0 };
            }

            _tables.Write(table, blocks);
            table += StepTables.PlaceOf(slice);
        }
    }

    private void WriteAngles(int rows, RotaryAngles rotary, Span<float> angles)
    {
        int half = _shape.HeadSize / 2;
        for (int row = 0; row < rows; row++)
        {
            rotary.Cos.Row(row)[..half].CopyTo(angles[(2 * row * half)..]);
            rotary.Sin.Row(row)[..half].CopyTo(angles[(((2 * row) + 1) * half)..]);
        }
    }

    // Each part begins at a multiple of 16 bytes.
    private AttentionStepHeader Layout(int rows, out long bytes)
    {
        AttentionStepHeader header = new() { Rows = rows, Units = _plan.Units.Length, Merges = _plan.Merges.Length, Tables = _tables.Address };
        header.RowsAt = AttentionStepHeader.Bytes;
        header.UnitsAt = header.RowsAt + (rows * AttentionStepRow.Bytes);
        header.MergesAt = header.UnitsAt + (header.Units * AttentionUnit.Bytes);
        header.RotaryAt = header.MergesAt + (header.Merges * AttentionUnit.Bytes);
        bytes = header.RotaryAt + (rows * (long)_shape.HeadSize * sizeof(float));
        return header;
    }
}
