using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Orleans;

/// <summary>Sees every call that arrives on a silo (enumerations as their single steps), before the grain does; timers pass by.</summary>
public interface IIncomingGrainCallFilter
{
    /// <summary>Handles a call, by <see cref="IGrainCallContext.Invoke"/> or by setting its result.</summary>
    Task Invoke(IIncomingGrainCallContext context);
}

/// <summary>Sees every call that leaves a silo or the client.</summary>
public interface IOutgoingGrainCallFilter
{
    /// <summary>Handles a call, by <see cref="IGrainCallContext.Invoke"/> or by setting its result.</summary>
    Task Invoke(IOutgoingGrainCallContext context);
}

/// <summary>A filter as a function.</summary>
public delegate Task IncomingGrainCallFilterDelegate(IIncomingGrainCallContext context);

/// <summary>A filter as a function.</summary>
public delegate Task OutgoingGrainCallFilterDelegate(IOutgoingGrainCallContext context);

/// <summary>A call, as filters see it.</summary>
public interface IGrainCallContext
{
    /// <summary>The method and its arguments.</summary>
    IInvokable Request { get; }

    /// <summary>The grain or, on the caller's side, the reference to it.</summary>
    object Grain { get; }

    /// <summary>The calling grain, if it is one.</summary>
    GrainId? SourceId { get; }

    /// <summary>The called grain.</summary>
    GrainId TargetId { get; }

    /// <summary>The interface the call goes through.</summary>
    GrainInterfaceType InterfaceType { get; }

    /// <summary>The interface's full name.</summary>
    string InterfaceName { get; }

    /// <summary>The method's name.</summary>
    string MethodName { get; }

    /// <summary>The interface's method.</summary>
    MethodInfo InterfaceMethod { get; }

    /// <summary>The result. Reading throws where the call failed.</summary>
    object? Result { get; set; }

    /// <summary>The result or the failure; null before the call.</summary>
    Response? Response { get; set; }

    /// <summary>Goes on to the next filter or to the grain. May be repeated, and then calls again.</summary>
    /// <remarks>On the callee's side it throws what the grain threw; on the caller's, see <see cref="Response"/>.</remarks>
    Task Invoke();
}

/// <summary>A call on the callee's side.</summary>
public interface IIncomingGrainCallContext : IGrainCallContext
{
    /// <summary>The called activation.</summary>
    IGrainContext TargetContext { get; }

    /// <summary>The class's method.</summary>
    MethodInfo ImplementationMethod { get; }
}

/// <summary>A call on the caller's side.</summary>
public interface IOutgoingGrainCallContext : IGrainCallContext
{
    /// <summary>The calling activation, if it is one.</summary>
    IGrainContext? SourceContext { get; }
}
