using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Operations;

/// <summary>Operations of steps of one size are submitted once, recorded once, and replayed from then on.</summary>
public sealed class StepGraphsTests : IDisposable
{
    private readonly PtxDriver _driver = new();
    private readonly nint _stream;
    private readonly ulong _memory;
    private readonly RowStaging _staging;
    private readonly StepGraphs _graphs;
    private int _calls;

    public StepGraphsTests()
    {
        _stream = _driver.CreateStream();
        _memory = _driver.Allocate(256);
        _staging = new RowStaging(_driver, _stream, 4096);
        _graphs = new StepGraphs(_driver, _stream, _staging);
    }

    [Fact]
    public void The_third_step_of_a_size_is_replayed()
    {
        Action run = Run;
        int[] calls = [.. Enumerable.Range(0, 5).Select(_ => Step(new AttentionGrid(3, 4, 0), run))];
        Assert.Equal([1, 2, 2, 2, 2], calls);
        Assert.Equal(3, Step(new AttentionGrid(2, 4, 0), run));
        Assert.Equal(4, Step(new AttentionGrid(3, 8, 0), run));
        Assert.Equal(4, Step(new AttentionGrid(3, 4, 0), run));
        Assert.Equal(1, _graphs.Count);
    }

    [Fact]
    public void Large_steps_are_submitted()
    {
        Action run = Run;
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(_ => Step(new AttentionGrid(StepGraphs.MaxRows + 1, 1, 1), run)));
        Assert.Equal(0, _graphs.Count);
    }

    [Fact]
    public void Other_operations_have_other_graphs()
    {
        AttentionGrid grid = new(1, 1, 0);
        OperationRun[] runs = [new(0, 5, 0), new(0, 8, 0), new(6, 8, 0)];
        int[] calls = [.. Enumerable.Range(0, 3).SelectMany(_ => runs).Select(run => Step(grid, Run, run))];
        Assert.Equal([1, 2, 3, 4, 5, 6, 6, 6, 6], calls);
        Assert.Equal(3, _graphs.Count);
    }

    [Fact]
    public void A_change_of_what_operations_use_ends_all_graphs()
    {
        AttentionGrid grid = new(1, 1, 0);
        Assert.Equal([1, 2, 2], Enumerable.Range(0, 3).Select(_ => Step(grid, Run)));
        Assert.Equal([3, 4, 4], Enumerable.Range(0, 3).Select(_ => Step(grid, Run, new OperationRun(0, 0, Version: 1))));
        Assert.Equal(1, _graphs.Count);
    }

    [Fact]
    public async Task What_other_threads_copy_is_no_part_of_a_graph()
    {
        AttentionGrid grid = new(1, 1, 0);
        ulong other = _driver.Allocate(16);
        Task? copy = null;
        Action run = () =>
        {
            Run();
            copy ??= Task.Run(() => _staging.CopyIn(other, new byte[16], 16, 16));
            Assert.False(copy.Wait(TimeSpan.FromMilliseconds(100)));
        };
        Step(grid, Run);
        Step(grid, run);
        await copy!;
        _driver.Synchronize(_stream);
        Assert.Equal(16, _driver.BytesToDevice);
        Step(grid, run);
        Assert.Equal(16, _driver.BytesToDevice);
        _driver.Free(other);
    }

    [Fact]
    public void The_graphs_that_were_used_last_are_kept()
    {
        const int Most = 4;
        Action run = Run;
        OperationRun operations = new(0, (StepGraphs.MaxOperations / Most) - 1, 0);
        AttentionGrid first = new(1, 1, 0), second = new(1, 2, 0);
        foreach (AttentionGrid grid in (AttentionGrid[])[first, first, second, second])
        {
            Step(grid, run, operations);
        }

        for (int size = 3; size <= Most; size++)
        {
            Step(new AttentionGrid(1, size, 0), run, operations);
        }

        Assert.Equal(2, _graphs.Count);
        int calls = Step(first, run, operations);
        Step(new AttentionGrid(1, Most + 1, 0), run, operations with { Last = 0 });
        Assert.Equal(1, _graphs.Count);
        Assert.Equal(calls + 1, Step(first, run, operations));
        Assert.Equal(calls + 2, Step(second, run, operations));
    }

    [Fact]
    public void A_stage_has_graphs_of_its_own_which_end_with_it()
    {
        AttentionGrid grid = new(1, 1, 0);
        object other = new();
        bool Other() => _graphs.Run(other, grid, default, Run);
        Assert.Equal([1, 2], Enumerable.Range(0, 2).Select(_ => Step(grid, Run)));
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => Other()));
        Assert.Equal(2, _graphs.Count);
        _graphs.Remove(other);
        Assert.Equal(1, _graphs.Count);
        Assert.Equal(4, Step(grid, Run));
        Assert.True(Other());
    }

    [Fact]
    public void A_failure_while_it_is_recorded_leaves_no_recording()
    {
        bool fails = false;
        Action run = () =>
        {
            Run();
            if (fails)
            {
                throw new InvalidOperationException("fails");
            }
        };
        AttentionGrid grid = new(1, 1, 0);
        Step(grid, run);
        fails = true;
        Assert.Throws<InvalidOperationException>(() => _graphs.Run(this, grid, default, run));
        fails = false;
        Assert.Equal([3, 3], Enumerable.Range(0, 2).Select(_ => Step(grid, run)));
    }

    public void Dispose()
    {
        _graphs.Dispose();
        _staging.Dispose();
        _driver.Free(_memory);
        _driver.DestroyStream(_stream);
        _driver.Dispose();
        Assert.Empty(_driver.Leaks);
    }

    private int Step(AttentionGrid grid, Action run, OperationRun operations = default)
    {
        int before = _calls;
        Assert.Equal(_graphs.Run(this, grid, operations, run), _calls > before);
        _driver.Synchronize(_stream);
        return _calls;
    }

    private void Run()
    {
        _calls++;
        _driver.ClearAsync(_memory, 256, _stream);
    }
}
