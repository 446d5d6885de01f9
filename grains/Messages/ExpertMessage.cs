namespace HunyuanOrleans.Grains.Messages;

/// <summary>The rows of one layer that go to one expert group.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="FirstExpert">The expert that the first count is for.</param>
/// <param name="Counts">Rows of each expert from there on.</param>
/// <param name="Rows">[rows, hidden] in the mode's element type, expert after expert.</param>
/// <param name="Trace">The W3C trace parent of who sent it; null where nobody traces.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.expert")]
public sealed record ExpertMessage(int Layer, int FirstExpert, int[] Counts, byte[] Rows, string? Trace);

/// <summary>What the experts made of the rows.</summary>
/// <param name="Rows">[rows, hidden] in the mode's element type, in the order they came.</param>
[GenerateSerializer, Immutable, Alias("hunyuan.expert.reply")]
public sealed record ExpertReply(byte[] Rows);
