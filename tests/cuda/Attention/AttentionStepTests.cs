using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

public sealed class AttentionStepTests
{
    private static readonly AttentionShape Shape = new(4, 1, 16, ElementType.BF16);

    [Theory]
    [InlineData(10, 1, 80)]
    [InlineData(48, 1, 128)]
    [InlineData(4, 4, 8)]
    public void The_largest_batch_fits(int heads, int keyHeads, int headSize)
    {
        using PtxDriver driver = new();
        AttentionShape shape = new(heads, keyHeads, headSize, ElementType.BF16);
        using AttentionStep step = new(driver, shape, maxRows: 24, blocks: 24 * 40, maxPartials: 120);
        using RotaryAngles rotary = new(24, headSize);
        AttentionBatch batch = new(heads, keyHeads);
        for (int row = 0; row < 24; row++)
        {
            batch.Add(new AttentionSlice(row, 1, 1279, new int[40]));
        }

        step.UploadAsync(batch, rotary, driver.CreateStream());
        Assert.Equal(24, step.Grid.Rows);
    }

    [Fact]
    public void Sequences_that_share_blocks_may_have_more_entries_than_there_are_blocks()
    {
        const int Blocks = 10;
        PtxDriver driver = new();
        nint stream = driver.CreateStream();
        using (AttentionStep step = new(driver, Shape, maxRows: 3, blocks: Blocks, maxPartials: 10))
        using (RotaryAngles rotary = new(3, 16))
        {
            ulong address = step.Address;
            for (int sequences = 1; sequences <= 3; sequences++)
            {
                AttentionBatch batch = new(4, 1);
                for (int row = 0; row < sequences; row++)
                {
                    batch.Add(new AttentionSlice(row, 1, (Blocks * 32) - 1, Enumerable.Range(0, Blocks).ToArray()));
                }

                step.UploadAsync(batch, rotary, stream);
                driver.Synchronize(stream);
                Assert.Equal(address, step.Address);
                Assert.Equal(sequences, step.Grid.Rows);
            }
        }

        driver.DestroyStream(stream);
        driver.Dispose();
        Assert.Empty(driver.Leaks);
    }

    [Fact]
    public void Only_entries_of_block_tables_that_changed_are_uploaded()
    {
        const int Rows = 3, Entries = 3000, EntryBytes = 4;
        using PtxDriver driver = new();
        nint stream = driver.CreateStream();
        using AttentionStep step = new(driver, Shape, Rows, blocks: 4 * 4096, maxPartials: 100);
        using RotaryAngles rotary = new(Rows, 16);
        int[][] tables = [.. Enumerable.Range(0, Rows).Select(static row => Enumerable.Range(row * 4096, 4096).ToArray())];
        long Uploaded(int rows, int start)
        {
            AttentionBatch batch = new(4, 1);
            for (int row = 0; row < rows; row++)
            {
                batch.Add(new AttentionSlice(row, 1, start, tables[row]));
            }

            long before = driver.BytesToDevice;
            step.UploadAsync(batch, rotary, stream);
            driver.Synchronize(stream);
            AssertTables(driver, stream, step, rows, (start / 32) + 1, tables);
            long descriptors = 64 + (rows * (16 + (16 * 4))) + ((step.Grid.Units + step.Grid.Merges) * 32);
            return driver.BytesToDevice - before - descriptors;
        }

        int last = (Entries * 32) - 1;
        Assert.Equal(4 * 4096 * EntryBytes, Uploaded(Rows, last));
        Assert.Equal(0, Uploaded(Rows, last));

        // Every sequence begins a block, and tables are too far from each other to be copied together.
        Assert.Equal(Rows * EntryBytes, Uploaded(Rows, last + 1));
        tables[1][7] = 5;
        tables[1][10] = 6;
        Assert.Equal(4 * EntryBytes, Uploaded(Rows, last + 2));
        Assert.Equal(0, Uploaded(1, last + 3));

        // A step that fails leaves nothing that later ones rely on.
        (tables[0][3], tables[1][3]) = (9, int.MaxValue);
        Assert.Throws<ArgumentException>(() => Uploaded(Rows, last + 3));
        tables[1][3] = 8;
        Assert.Equal(4 * 4096 * EntryBytes, Uploaded(Rows, last + 3));
    }

    [Fact]
    public void Block_tables_that_find_no_memory_leave_the_step_as_it_was()
    {
        using PtxDriver driver = new(new PtxDriverOptions { MemoryBytes = 1 << 20 });
        using AttentionStep step = new(driver, Shape, maxRows: 2, blocks: 10, maxPartials: 10);
        using RotaryAngles rotary = new(2, 16);
        nint stream = driver.CreateStream();
        AttentionBatch Batch(int blocks)
        {
            AttentionBatch batch = new(4, 1);
            batch.Add(new AttentionSlice(0, 1, (blocks * 32) - 1, new int[blocks]));
            return batch;
        }

        Assert.Throws<CudaException>(() => step.UploadAsync(Batch(300_000), rotary, stream));
        step.UploadAsync(Batch(10), rotary, stream);
        driver.Synchronize(stream);
    }

    [Fact]
    public void Batches_with_too_many_rows_or_other_heads_are_refused()
    {
        using PtxDriver driver = new();
        using AttentionStep step = new(driver, Shape, maxRows: 2, blocks: 10, maxPartials: 10);
        using RotaryAngles rotary = new(3, 16);
        nint stream = driver.CreateStream();
        AttentionBatch rows = new(4, 1);
        rows.Add(new AttentionSlice(0, 3, 0, new int[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => step.UploadAsync(rows, rotary, stream));
        AttentionBatch heads = new(8, 1);
        heads.Add(new AttentionSlice(0, 1, 0, new int[1]));
        Assert.Throws<ArgumentException>(() => step.UploadAsync(heads, rotary, stream));
    }

    private static unsafe void AssertTables(PtxDriver driver, nint stream, AttentionStep step, int rows, int entries, int[][] expected)
    {
        const int Place = 4096;
        nint pinned = driver.AllocatePinned(rows * Place * sizeof(int));
        driver.CopyToHostAsync(pinned, step.Tables, rows * Place * sizeof(int), stream);
        driver.Synchronize(stream);
        ReadOnlySpan<int> tables = new((void*)pinned, rows * Place);
        for (int row = 0; row < rows; row++)
        {
            Assert.Equal(expected[row][..entries], tables.Slice(row * Place, entries).ToArray());
        }

        driver.FreePinned(pinned);
    }

    [Fact]
    public void All_memory_is_freed()
    {
        using KernelCompiler compiler = new();
        PtxDriver driver = new();
        new AttentionStep(driver, Shape, maxRows: 2, blocks: 10, maxPartials: 10).Dispose();
        new CudaAttention(driver, new KernelLoader(driver, compiler), Shape, maxRows: 2, maxPartials: 10).Dispose();
        driver.Dispose();
        Assert.Empty(driver.Leaks);
    }

    [Fact]
    public void Nothing_stays_allocated_if_there_is_not_enough_memory()
    {
        using KernelCompiler compiler = new();
        FailedConstruction.LeavesNothing(static (driver, _, _) => new AttentionStep(driver, Shape, maxRows: 2, blocks: 300, maxPartials: 10));
        FailedConstruction.LeavesNothing((driver, _, _) => new CudaAttention(driver, new KernelLoader(driver, compiler), Shape, maxRows: 20, maxPartials: 4));
    }
}
