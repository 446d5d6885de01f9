using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Contracts.Streaming;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Sends one request after another and compares each answer with that of the undisturbed run.</summary>
internal sealed class DrillStream
{
    /// <summary>How long an answer may receive no token before it counts as failed. Longer than the timeouts within the cluster.</summary>
    public static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(150);

    private static readonly TimeSpan DelayAfterFailure = TimeSpan.FromMilliseconds(200);

    private readonly int _number;
    private readonly DrillPlan _plan;
    private readonly int[][] _expected;
    private readonly ResumingStream _source;
    private readonly TimeProvider _time;

    /// <summary>Creates a stream; <see cref="RunAsync"/> sends its requests.</summary>
    /// <param name="number">The number of the stream, from 0.</param>
    /// <param name="plan">The plan with the requests.</param>
    /// <param name="expected">The tokens of each request in an undisturbed run.</param>
    /// <param name="grains">Reaches the cluster.</param>
    /// <param name="time">The clock.</param>
    public DrillStream(int number, DrillPlan plan, int[][] expected, IGrainFactory grains, TimeProvider time)
    {
        _number = number;
        _plan = plan;
        _expected = expected;
        _time = time;
        _source = new ResumingStream((spec, token) => grains.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(spec, token), time);
        Gaps = new TokenGapTracker(time);
    }

    /// <summary>The times between the tokens of the stream.</summary>
    public TokenGapTracker Gaps { get; }

    /// <summary>Number of answers that have ended.</summary>
    public int Answers { get; private set; }

    /// <summary>Number of answers that ended with an error.</summary>
    public int Failed { get; private set; }

    /// <summary>Number of answers whose tokens differ from the undisturbed run.</summary>
    public int Unequal { get; private set; }

    /// <summary>A description of the first problem; null if there was none.</summary>
    public string? Problem { get; private set; }

    /// <summary>Sends one request after another.</summary>
    /// <param name="finish">Ends the stream after the current answer.</param>
    /// <param name="cancellationToken">Cancels the current answer too.</param>
    public async Task RunAsync(CancellationToken finish, CancellationToken cancellationToken)
    {
        for (int turn = 0; !finish.IsCancellationRequested; turn++)
        {
            int index = _plan.Workload.Next(_number, turn);
            try
            {
                await AnswerAsync(_plan.Workload.Requests[index], _expected[index], cancellationToken);
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                Fail($"{fault.GetType().Name}: {fault.Message}");
                await Task.Delay(DelayAfterFailure, _time, cancellationToken);
            }

            Answers++;
        }
    }

    private async Task AnswerAsync(GenerationRequest request, int[] expected, CancellationToken cancellationToken)
    {
        int count = 0;
        bool equal = true;
        FinishCode finish = FinishCode.None;
        await foreach (TokenBatch batch in _source.RunAsync(RequestSpec.Of(_plan.ModelName, request, StallTimeout), cancellationToken))
        {
            if (batch.Error is not null)
            {
                Fail(batch.Error);
                return;
            }

            if (batch.Ids.Length > 0)
            {
                Gaps.RecordTokens(batch.Ids.Length);
            }

            foreach (int id in batch.Ids)
            {
                if (equal && (count >= expected.Length || id != expected[count]))
                {
                    equal = false;
                    Problem ??= $"stream {_number}: token {count} is {id}, but in the undisturbed run {(count < expected.Length ? $"it is {expected[count]}" : "there is none")}";
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
            Problem ??= $"stream {_number}: the answer has {count} tokens, but {expected.Length} in the undisturbed run";
        }

        Unequal += equal ? 0 : 1;
    }

    private void Fail(string reason)
    {
        Failed++;
        Problem ??= $"stream {_number}: {reason}";
    }
}
