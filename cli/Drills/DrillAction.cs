namespace HunyuanOrleans.Cli.Drills;

/// <summary>What is done to a silo in a round.</summary>
internal enum DrillAction
{
    /// <summary>It ends without a warning, and a new one takes its place.</summary>
    Kill,

    /// <summary>It is told to stop and hands over, and a new one takes its place.</summary>
    Stop,

    /// <summary>One more comes, and later leaves in order.</summary>
    Join,

    /// <summary>Any of these, to any silo.</summary>
    Random,

    /// <summary>Each in turn is told to stop and comes back under its name, as in an upgrade.</summary>
    Roll,
}
