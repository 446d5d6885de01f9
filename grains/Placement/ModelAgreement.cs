using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// Watches whether this silo has the models that the other silos have. It asks silos whose metadata has not arrived, and logs what differs. It changes no
/// placement: see <see cref="SiloAnnouncements"/>.
/// </summary>
public sealed partial class ModelAgreement(
    HunyuanSiloOptions options,
    SiloAnnouncements announcements,
    ILocalSiloDetails silo,
    IClusterMembershipService membership,
    IGrainFactory grains,
    TimeProvider time,
    ILogger<ModelAgreement> logger)
    : BackgroundService
{
    // Metadata arrives by itself within the first pause, nearly always. Every silo asks every other one, so where many start at once on a busy network,
    // asking again at once would keep it busy.
    private const int MaxQuestions = 4;

    private static readonly TimeSpan
        Interval = TimeSpan.FromMilliseconds(250), ResponseTimeout = TimeSpan.FromSeconds(5), FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(8);

    private readonly Dictionary<string, string> _logged = [];
    private readonly Dictionary<SiloAddress, Question> _questions = [];
    private volatile bool _settled;

    /// <summary>Why this silo takes no part in a model, as one line; null if it does.</summary>
    public string? FindProblem(string model) => announcements.Difference(model, silo.SiloAddress) is { } difference
        ? $"This silo takes no part in model {model}: it {difference}. Give it the same files and settings, or another cluster id."
        : _settled ? null : "The models of the other silos are not known yet.";

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress) == SiloStatus.Active)
                {
                    ClusterMember[] unknown = announcements.FindUnknown();
                    Ask(unknown, stoppingToken);
                    _settled |= !unknown.Any(IsOlder);
                    LogChanges();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A host whose start has failed would report this as a crash of its own.
        }
    }

    // A silo that started later compares itself with this one.
    private bool IsOlder(ClusterMember member) => member.SiloAddress.Generation <= silo.SiloAddress.Generation;

    // A silo that does not answer counts as unknown. It is asked again, less and less often, until it answers or is declared dead.
    private void Ask(ClusterMember[] unknown, CancellationToken cancellationToken)
    {
        foreach (SiloAddress known in _questions.Keys.Except(unknown.Select(static member => member.SiloAddress)).ToArray())
        {
            _questions.Remove(known);
        }

        int open = _questions.Values.Count(static question => !question.Answer.IsCompleted);
        foreach (ClusterMember member in unknown)
        {
            if (!_questions.TryGetValue(member.SiloAddress, out Question? last))
            {
                _questions.Add(member.SiloAddress, new Question(Task.CompletedTask, time.GetTimestamp(), FirstPause));
            }
            else if (open < MaxQuestions && last.Answer.IsCompleted && time.GetElapsedTime(last.Asked) >= last.Pause)
            {
                open++;
                TimeSpan pause = last.Pause * 2 < LongestPause ? last.Pause * 2 : LongestPause;
                _questions[member.SiloAddress] = new Question(AskAsync(member, cancellationToken), time.GetTimestamp(), pause);
            }
        }
    }

    private async Task AskAsync(ClusterMember member, CancellationToken cancellationToken)
    {
        try
        {
            SiloDescription description = await grains.GetGrain<ISiloGrain>(PinnedKey.OfSilo(member.Name).ToString())
                .DescribeAsync().WaitAsync(ResponseTimeout, time, cancellationToken);
            announcements.Learn(member.SiloAddress, description.Announcement);
        }
        catch (Exception fault)
        {
            LogUnknown(member.Name, fault.Message);
        }
    }

    private void LogChanges()
    {
        foreach (ModelSettings model in options.Models)
        {
            string? problem = FindProblem(model.Name);
            if (problem == _logged.GetValueOrDefault(model.Name))
            {
                continue;
            }

            if (problem is null)
            {
                _logged.Remove(model.Name);
                LogAgrees(model.Name);
            }
            else
            {
                _logged[model.Name] = problem;
                LogDiffers(problem);
            }
        }
    }

    /// <param name="Answer">Completes when the silo has answered, or will not.</param>
    /// <param name="Asked">When it was asked, or found to be unknown.</param>
    /// <param name="Pause">The time from then to the next question.</param>
    private sealed record Question(Task Answer, long Asked, TimeSpan Pause);

    [LoggerMessage(400, LogLevel.Error, "{Problem}")]
    private partial void LogDiffers(string problem);

    [LoggerMessage(401, LogLevel.Information, "This silo has the same model {Model} as the other silos again.")]
    private partial void LogAgrees(string model);

    [LoggerMessage(402, LogLevel.Debug, "Silo {Silo} did not tell its model yet: {Reason}")]
    private partial void LogUnknown(string silo, string reason);
}
