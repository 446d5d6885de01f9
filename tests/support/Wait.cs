using System.Runtime.CompilerServices;

namespace HunyuanOrleans.TestSupport;

/// <summary>
/// Waits of tests. Each ends as soon as its condition holds. It fails only after <see cref="Limit"/>, so that a slow machine makes a test slow
/// rather than red.
/// </summary>
public static class Wait
{
    /// <summary>Five minutes: far longer than anything that tests wait for takes on a slow machine.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">The condition. An exception of it ends the wait.</param>
    /// <param name="awaited">What the message names when the wait fails; by default the condition's source text.</param>
    /// <exception cref="TimeoutException">The condition did not hold within <see cref="Limit"/>.</exception>
    public static Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string awaited = "") =>
        UntilAsync(() => Task.FromResult(condition()), awaited);

    /// <inheritdoc cref="UntilAsync(Func{bool}, string)"/>
    public static Task UntilAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string awaited = "") =>
        UntilAsync(condition, static holds => holds, awaited);

    /// <summary>Reads a value until it meets a condition.</summary>
    /// <param name="read">Reads the value. An exception of it ends the wait.</param>
    /// <param name="condition">The condition.</param>
    /// <param name="awaited">What the message names when the wait fails; by default the condition's source text.</param>
    /// <returns>The value that met the condition.</returns>
    /// <exception cref="TimeoutException">No value met the condition within <see cref="Limit"/>. The message names the last one.</exception>
    public static async Task<T> UntilAsync<T>(
        Func<Task<T>> read, Func<T, bool> condition, [CallerArgumentExpression(nameof(condition))] string awaited = "")
    {
        using CancellationTokenSource limit = new(Limit);
        object? last = "nothing";
        try
        {
            while (true)
            {
                T value = await read().WaitAsync(limit.Token);
                if (condition(value))
                {
                    return value;
                }

                last = value;
                await Task.Delay(Pause, limit.Token);
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException($"Waited {Limit.TotalMinutes:0} minutes in vain until {awaited}. The last value was {last}.");
        }
    }

    /// <summary>Makes a call again and again until it succeeds.</summary>
    /// <param name="call">The call.</param>
    /// <param name="isTransient">True for exceptions after which the call is made again.</param>
    /// <param name="awaited">What the message names when the wait fails; by default the call's source text.</param>
    /// <exception cref="TimeoutException">The call did not succeed within <see cref="Limit"/>.</exception>
    public static async Task<T> UntilSucceedsAsync<T>(
        Func<Task<T>> call, Func<Exception, bool> isTransient, [CallerArgumentExpression(nameof(call))] string awaited = "")
    {
        T result = default!;
        Exception? last = null;
        await UntilAsync(
            async () =>
            {
                try
                {
                    result = await call();
                    last = null;
                }
                catch (Exception failure) when (isTransient(failure))
                {
                    last = failure;
                }

                return last;
            },
            static failure => failure is null,
            $"{awaited} succeeds");
        return result;
    }
}
