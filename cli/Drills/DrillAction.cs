namespace HunyuanOrleans.Cli.Drills;

/// <summary>What a drill does with a silo in a round.</summary>
internal enum DrillAction
{
    /// <summary>Kills a silo without warning, and starts another one later.</summary>
    Kill,

    /// <summary>Stops a silo, which hands over its part of the model first, and starts another one later.</summary>
    Stop,

    /// <summary>Adds a silo, and stops it later.</summary>
    Join,

    /// <summary>Chooses one of the actions above and the kind of silo at random in each round.</summary>
    Random,

    /// <summary>Stops each silo in turn and starts it again with the same name, as in a rolling upgrade.</summary>
    Roll,
}
