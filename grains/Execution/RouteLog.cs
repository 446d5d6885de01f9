using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>Log messages of a model's scheduler about routes and steps.</summary>
internal static partial class RouteLog
{
    [LoggerMessage(200, LogLevel.Information, "Route {Version} of model {Model} is ready: {Stages} attention shards, {Groups} expert groups.")]
    public static partial void Published(ILogger logger, string model, long version, int stages, int groups);

    [LoggerMessage(201, LogLevel.Warning, "Model {Model} cannot be planned: {Shortfall}")]
    public static partial void DoesNotFit(ILogger logger, string model, string shortfall);

    [LoggerMessage(202, LogLevel.Error, "Silo {Silo} could not load its part of model {Model} and is excluded for a while: {Reason}")]
    public static partial void LoadFailed(ILogger logger, string silo, string model, string reason);

    [LoggerMessage(203, LogLevel.Warning, "A plan of model {Model} could not be prepared and is made again: {Reason}")]
    public static partial void NotPrepared(ILogger logger, string model, string reason);

    [LoggerMessage(204, LogLevel.Error, "Planning model {Model} failed and is tried again.")]
    public static partial void PlanFailed(ILogger logger, string model, Exception fault);

    [LoggerMessage(205, LogLevel.Warning, "This scheduler of model {Model} ends because another has taken over: {Reason}")]
    public static partial void Superseded(ILogger logger, string model, string reason);

    [LoggerMessage(206, LogLevel.Debug, "Silo {Silo} was not told what to drop of model {Model}: {Reason}")]
    public static partial void NotCleanedUp(ILogger logger, string silo, string model, string reason);

    [LoggerMessage(207, LogLevel.Warning, "Step {Number} of model {Model} failed on route {Version} and is sent again: {Reason}")]
    public static partial void StepRetried(ILogger logger, long number, string model, long version, string reason);

    [LoggerMessage(208, LogLevel.Information, "Model {Model} switched from route {Before} to route {After}: {Blocks} KV blocks moved, lost: {Lost}.")]
    public static partial void Switched(ILogger logger, string model, long before, long after, int blocks, bool lost);

    [LoggerMessage(209, LogLevel.Warning, "Silo {Silo} takes no part in model {Model}: it {Reason}.")]
    public static partial void LeftOut(ILogger logger, string silo, string model, string reason);

    [LoggerMessage(210, LogLevel.Warning, "Route {Version} of model {Model} was abandoned before the next one is loaded: the silos have no memory for both.")]
    public static partial void Interrupted(ILogger logger, string model, long version);

    [LoggerMessage(211, LogLevel.Warning, "Keys and values of model {Model} could not be moved from route {Before} to route {After}.")]
    public static partial void NotMoved(ILogger logger, string model, long before, long after, Exception fault);
}
