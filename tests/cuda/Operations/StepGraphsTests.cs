using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Operations;

/// <summary>Steps of one size are submitted once, recorded once, and replayed from then on.</summary>
public sealed class StepGraphsTests : IDisposable
{
    private readonly PtxDriver _driver = new();
    private readonly nint _stream;
    private readonly ulong _memory;
    private readonly StepGraphs _graphs;
    private int _calls;

    public StepGraphsTests()
    {
        _stream = _driver.CreateStream();
        _memory = _driver.Allocate(256);
        _graphs = new StepGraphs(_driver, _stream);
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
    public void Large_steps_and_other_operations_are_submitted()
    {
        Action run = Run, other = () => Run();
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(_ => Step(new AttentionGrid(StepGraphs.MaxRows + 1, 1, 1), run)));
        Step(new AttentionGrid(1, 1, 0), run);
        Assert.Equal([5, 6, 7], Enumerable.Range(0, 3).Select(_ => Step(new AttentionGrid(1, 1, 0), other)));
    }

    [Fact]
    public void The_sizes_that_were_used_last_are_kept()
    {
        Action run = Run;
        AttentionGrid first = new(1, 1, 0), second = new(1, 2, 0);
        foreach (AttentionGrid grid in (AttentionGrid[])[first, first, second, second])
        {
            Step(grid, run);
        }

        for (int size = 3; size <= StepGraphs.MaxSizes; size++)
        {
            Step(new AttentionGrid(1, size, 0), run);
        }

        int calls = Step(first, run);
        Step(new AttentionGrid(1, StepGraphs.MaxSizes + 1, 0), run);
        Assert.Equal(1, _graphs.Count);
        Assert.Equal(calls + 1, Step(first, run));
        Assert.Equal(calls + 2, Step(second, run));
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
        Assert.Throws<InvalidOperationException>(() => _graphs.Run(grid, run));
        fails = false;
        Assert.Equal([3, 3], Enumerable.Range(0, 2).Select(_ => Step(grid, run)));
    }

    public void Dispose()
    {
        _graphs.Dispose();
        _driver.Free(_memory);
        _driver.DestroyStream(_stream);
        _driver.Dispose();
        Assert.Empty(_driver.Leaks);
    }

    private int Step(AttentionGrid grid, Action run)
    {
        _graphs.Run(grid, run);
        _driver.Synchronize(_stream);
        return _calls;
    }

    private void Run()
    {
        _calls++;
        _driver.ClearAsync(_memory, 256, _stream);
    }
}
