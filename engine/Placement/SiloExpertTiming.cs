namespace HunyuanOrleans.Engine.Placement;

/// <summary>The time that one silo takes for a layer's experts, depending on how many of its experts are chosen.</summary>
/// <param name="Probabilities">Probability of each of its experts to be chosen.</param>
/// <param name="IdleSeconds">Seconds if none of its experts is chosen.</param>
/// <param name="FixedSeconds">Seconds if any is chosen, without the experts themselves.</param>
/// <param name="SecondsPerExpert">Seconds for each chosen expert.</param>
internal readonly record struct SiloExpertTiming(double[] Probabilities, double IdleSeconds, double FixedSeconds, double SecondsPerExpert)
{
    /// <summary>Seconds for a number of chosen experts.</summary>
    public double Seconds(int chosen) => chosen == 0 ? IdleSeconds : FixedSeconds + (chosen * SecondsPerExpert);
}
