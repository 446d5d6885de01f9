namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

public interface IMeeting : IGrainWithIntegerKey
{
    /// <summary>Ends once two callers are in, at the same time; else after the time.</summary>
    Task<bool> MeetAsync(int milliseconds);

    [ReadOnly]
    Task<bool> MeetReadingAsync(int milliseconds);

    [AlwaysInterleave]
    Task<bool> MeetAlwaysAsync(int milliseconds);
}

public abstract class MeetingBase : Grain
{
    private TaskCompletionSource? _first;

    public Task<bool> MeetAsync(int milliseconds) => CoreAsync(milliseconds);

    public Task<bool> MeetReadingAsync(int milliseconds) => CoreAsync(milliseconds);

    public Task<bool> MeetAlwaysAsync(int milliseconds) => CoreAsync(milliseconds);

    private async Task<bool> CoreAsync(int milliseconds)
    {
        if (_first is { } other)
        {
            other.TrySetResult();
            return true;
        }
        var mine = _first = new();
        await Task.WhenAny(mine.Task, Task.Delay(milliseconds));
        _first = null;
        return mine.Task.IsCompleted;
    }
}

public interface IMeetingGrain : IMeeting;

public sealed class MeetingGrain : MeetingBase, IMeetingGrain;

public interface IOpenMeetingGrain : IMeeting;

[Reentrant]
public sealed class OpenMeetingGrain : MeetingBase, IOpenMeetingGrain;

public interface IWorkerGrain : IGrainWithGuidKey
{
    Task<Where> WorkAsync(int milliseconds);

    Task<Guid> KeyAsync();
}

[StatelessWorker(2)]
public sealed class WorkerGrain(SiloName silo, IGrainContext context) : Grain, IWorkerGrain
{
    public async Task<Where> WorkAsync(int milliseconds)
    {
        await Task.Delay(milliseconds);
        return new(silo.Address, context.ActivationId.ToString());
    }

    public Task<Guid> KeyAsync() => Task.FromResult(this.GetPrimaryKey());
}
