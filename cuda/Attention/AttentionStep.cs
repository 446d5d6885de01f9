using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// The descriptors of a step in device memory, for all layers: where each row's keys and values go, its rotary angles, the units of attention, and the
/// block tables. They are uploaded in one copy, to an address that does not change. Keep the object and reuse it. Not thread-safe.
/// </summary>
internal sealed unsafe class AttentionStep : IDisposable
{
    private readonly ICudaDriver _driver;
    private readonly AttentionShape _shape;
    private readonly AttentionPlan _plan;
    private readonly long _capacity;
    private readonly nint _pinned;
    private readonly nint _uploaded;

    /// <summary>Allocates the memory.</summary>
    /// <param name="driver">The device.</param>
    /// <param name="shape">The heads.</param>
    /// <param name="maxRows">Most rows in a batch.</param>
    /// <param name="maxBlocks">Most blocks in the tables of all sequences of a batch.</param>
    /// <param name="maxPartials">The same as in <see cref="CudaAttention"/>.</param>
    public AttentionStep(ICudaDriver driver, AttentionShape shape, int maxRows, int maxBlocks, int maxPartials)
    {
        (_driver, _shape) = (driver, shape);
        _plan = new AttentionPlan(shape.GroupHeads, maxPartials);
        long units = (long)maxRows * ((shape.GroupHeads / AttentionKernels.TileRows) + 1);
        long rowBytes = Unsafe.SizeOf<AttentionStepRow>() + (shape.HeadSize * sizeof(float));
        _capacity = AttentionStepHeader.Bytes + (maxRows * rowBytes) + (((2 * units) + maxPartials) * AttentionUnit.Bytes) + (maxBlocks * (long)sizeof(int));
        Address = driver.Allocate(_capacity);
        _pinned = driver.AllocatePinned(_capacity);
        _uploaded = driver.CreateEvent();
    }

    /// <summary>Address of the <see cref="AttentionStepHeader"/>.</summary>
    public ulong Address { get; }

    /// <summary>How much there is to do.</summary>
    public AttentionGrid Grid { get; private set; }

    /// <summary>Uploads the descriptors of a batch. The earlier work of the stream still finds those of the last one.</summary>
    /// <param name="batch">The sequences.</param>
    /// <param name="rotary">The rotary angles of their rows.</param>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentException">The batch is too large.</exception>
    public void UploadAsync(AttentionBatch batch, RotaryAngles rotary, nint stream)
    {
        _plan.Build(batch);
        AttentionStepHeader header = Layout(batch.Rows, out long bytes);
        if (bytes > _capacity)
        {
            throw new ArgumentException(
                $"{batch.Rows} rows with {_plan.TableEntries} blocks need {bytes} bytes of descriptors, but there are {_capacity}.", nameof(batch));
        }

        _driver.WaitFor(_uploaded);
        Span<byte> target = new((void*)_pinned, checked((int)bytes));
        MemoryMarshal.Write(target, header);
        WriteRows(batch, target[header.RowsAt..], MemoryMarshal.Cast<byte, int>(target[header.TablesAt..]));
        MemoryMarshal.AsBytes(_plan.Units).CopyTo(target[header.UnitsAt..]);
        MemoryMarshal.AsBytes(_plan.Merges).CopyTo(target[header.MergesAt..]);
        int half = _shape.HeadSize / 2;
        Span<float> angles = MemoryMarshal.Cast<byte, float>(target[header.RotaryAt..]);
        for (int row = 0; row < batch.Rows; row++)
        {
            rotary.Cos.Row(row)[..half].CopyTo(angles[(2 * row * half)..]);
            rotary.Sin.Row(row)[..half].CopyTo(angles[(((2 * row) + 1) * half)..]);
        }

        _driver.CopyToDeviceAsync(Address, _pinned, bytes, stream);
        _driver.Record(_uploaded, stream);
        Grid = new AttentionGrid(batch.Rows, header.Units, header.Merges);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _driver.WaitFor(_uploaded);
        _driver.DestroyEvent(_uploaded);
        _driver.FreePinned(_pinned);
        _driver.Free(Address);
    }

    private static void WriteRows(AttentionBatch batch, Span<byte> rows, Span<int> tables)
    {
        Span<AttentionStepRow> targets = MemoryMarshal.Cast<byte, AttentionStepRow>(rows);
        foreach (ref readonly AttentionSlice slice in batch.Slices)
        {
            ReadOnlySpan<int> blocks = slice.Blocks.Span[..AttentionPlan.TableEntriesOf(slice)];
            for (int i = 0; i < slice.Count; i++)
            {
                int position = slice.Start + i;
                int offset = position % KvBlocks.Positions;

                // The last row of a block that begins in this batch clears the rest of it: no other row of the batch writes there.
                bool clears = i == slice.Count - 1 && position - offset >= slice.Start;
                targets[slice.FirstRow + i] = new AttentionStepRow(blocks[position / KvBlocks.Positions], offset, clears ? 1 : 0, 0);
            }

            blocks.CopyTo(tables);
            tables = tables[blocks.Length..];
        }
    }

    // Each part begins at a multiple of 16 bytes.
    private AttentionStepHeader Layout(int rows, out long bytes)
    {
        AttentionStepHeader header = new() { Rows = rows, Units = _plan.Units.Length, Merges = _plan.Merges.Length };
        header.RowsAt = AttentionStepHeader.Bytes;
        header.UnitsAt = header.RowsAt + (rows * Unsafe.SizeOf<AttentionStepRow>());
        header.MergesAt = header.UnitsAt + (header.Units * AttentionUnit.Bytes);
        header.RotaryAt = header.MergesAt + (header.Merges * AttentionUnit.Bytes);
        header.TablesAt = header.RotaryAt + (rows * _shape.HeadSize * sizeof(float));
        bytes = header.TablesAt + (_plan.TableEntries * (long)sizeof(int));
        return header;
    }
}
