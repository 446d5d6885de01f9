using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Requests;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Keeps one answer under way all the time, and compares each with the undisturbed one. It does not know what happens to silos.</summary>
internal sealed class DrillStream
{
    /// <summary>How long an answer may be silent before it counts as failed; longer than the cluster's own deadlines.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(200);

    private readonly int _number;
    private readonly DrillPlan _plan;
    private readonly int[][] _expected;
    private readonly ResumingStream _source;
    private readonly TimeProvider _time;

    /// <summary>A stream that has not begun.</summary>
    public DrillStream(int number, DrillPlan plan, int[][] expected, IGrainFactory grains, TimeProvider time)
    {
        _number = number;
        _plan = plan;
        _expected = expected;
        _time = time;
        _source = new ResumingStream((spec, token) => grains.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(spec, token), time);
        Meter = new StreamMeter(time);
    }

    /// <summary>When its tokens came.</summary>
    public StreamMeter Meter { get; }

    /// <summary>Answers that have ended.</summary>
    public int Answers { get; private set; }

    /// <summary>Answers that ended with an error.</summary>
    public int Failed { get; private set; }

    /// <summary>Answers with other tokens than the undisturbed run has.</summary>
    public int Unequal { get; private set; }

    /// <summary>What was wrong first; null where nothing was.</summary>
    public string? Problem { get; private set; }

    /// <summary>Sends request after request.</summary>
    /// <param name="finish">The answer under way is the last.</param>
    /// <param name="cancellationToken">Gives it up too.</param>
    public async Task RunAsync(CancellationToken finish, CancellationToken cancellationToken)
    {
        for (int turn = 0; !finish.IsCancellationRequested; turn++)
        {
            int which = _plan.Workload.Next(_number, turn);
            try
            {
                await AnswerAsync(_plan.Workload.Requests[which], _expected[which], cancellationToken);
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                Fail($"{fault.GetType().Name}: {fault.Message}");
                await Task.Delay(PauseAfterFailure, _time, cancellationToken);
            }

            Answers++;
        }
    }

    private async Task AnswerAsync(GenerationRequest request, int[] expected, CancellationToken cancellationToken)
    {
        int count = 0;
        bool equal = true;
        FinishCode finish = FinishCode.None;
        await foreach (TokenBatch batch in _source.RunAsync(RequestSpec.Of(_plan.ModelName, request, Patience), cancellationToken))
        {
            if (batch.Error is not null)
            {
                Fail(batch.Error);
                return;
            }

            if (batch.Ids.Length > 0)
            {
                Meter.Came(batch.Ids.Length);
            }

            foreach (int id in batch.Ids)
            {
                if (equal && (count >= expected.Length || id != expected[count]))
                {
                    equal = false;
                    Problem ??= $"stream {_number}: token {count} is {id}, undisturbed it is {(count < expected.Length ? expected[count] : "not there")}";
                }

                count++;
            }

            finish = batch.Finish;
        }

        if (finish != FinishCode.Length)
        {
            Fail($"the answer ended with {finish} after {count} of {expected.Length} tokens");
            return;
        }

        if (count < expected.Length)
        {
            equal = false;
            Problem ??= $"stream {_number}: {count} tokens came, undisturbed {expected.Length}";
        }

        Unequal += equal ? 0 : 1;
    }

    private void Fail(string reason)
    {
        Failed++;
        Problem ??= $"stream {_number}: {reason}";
    }
}
