// Scrolls with the end of a growing text. Stops when the user scrolls up, until the user returns to the end or asks for it.

const near = 32;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Follower {
  #area;
  #button;
  #following = true;
  #last = 0;
  #moving = false;

  constructor(area, button) {
    this.#area = area;
    this.#button = button;
    area.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    area.addEventListener("wheel", event => event.deltaY < 0 && this.#area.scrollTop > 0 && this.#set(false), { passive: true });
    button.addEventListener("click", () => this.follow());
    new ResizeObserver(() => this.grown()).observe(area);
  }

  /** Called when the text has grown. */
  grown() {
    if (this.#following) {
      this.#move();
    } else {
      this.#show();
    }
  }

  /** Scrolls to the end and follows it. */
  follow(atOnce = false) {
    this.#set(true);
    if (atOnce) {
      this.#area.scrollTop = this.#area.scrollHeight;
    }
    this.#move();
  }

  /** Stays where it is. */
  stay() {
    this.#set(false);
  }

  get #distance() {
    return this.#area.scrollHeight - this.#area.clientHeight - this.#area.scrollTop;
  }

  #scrolled() {
    const top = this.#area.scrollTop;
    if (this.#distance < near) {
      this.#set(true);
    } else if (top < this.#last - 1) {
      // Only the user scrolls up; the page itself only scrolls down.
      this.#set(false);
    }
    this.#last = top;
  }

  #set(following) {
    this.#following = following;
    this.#show();
  }

  #show() {
    this.#button.hidden = this.#following || this.#distance < near;
  }

  // Covers part of the distance in each frame, so that the text scrolls smoothly.
  #move() {
    if (this.#moving) {
      return;
    }
    this.#moving = true;
    const step = () => {
      const distance = this.#distance;
      if (!this.#following || distance < 1) {
        this.#moving = false;
        return;
      }
      this.#area.scrollTop += calm.matches || distance > this.#area.clientHeight ? distance : Math.max(1, Math.ceil(distance * 0.25));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }
}
