using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Web.Tests;

/// <summary>A choice of <see cref="EchoGenerator"/>.</summary>
internal sealed class EchoChoice(int[] ids, int gapMilliseconds, bool fails, Action<bool> ended) : IChoice
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource<ChoiceResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Index => 0;

    public Task<ChoiceResult> Completion => _completion.Task;

    public void Cancel()
    {
        _cancel.Cancel();
        End(FinishReason.Cancelled, null);
    }

    public async IAsyncEnumerator<TokenChunk> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        for (int i = 0; i < ids.Length && !_cancel.IsCancellationRequested; i++)
        {
            if (gapMilliseconds > 0)
            {
                await Task.Delay(gapMilliseconds, cancellationToken);
            }

            yield return new TokenChunk(ids.AsMemory(i, 1), default, FinishReason.None, false, null);
        }

        FinishReason finish = fails ? FinishReason.Error : FinishReason.Stop;
        string? error = fails ? "The model lost a <b>silo</b>." : null;
        End(finish, error);
        yield return new TokenChunk(default, default, finish, false, error);
    }

    private void End(FinishReason finish, string? error)
    {
        if (_completion.TrySetResult(new ChoiceResult(0, ids, ReadOnlyMemory<SampledToken>.Empty, finish, false, error, 0, default)))
        {
            ended(finish == FinishReason.Cancelled);
        }
    }
}
