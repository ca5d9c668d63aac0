// SPDX-License-Identifier: Apache-2.0
//
// The lab's one native program. It runs inside every guest, in every namespace that stands for a
// guest, and in the gateway; statically linked, so that one file serves all of them.
//
//   agent hold          first process of a namespace: says "ready", reaps orphans, ends when its
//                       standard input ends, that is when the lab's JVM is gone for whatever reason
//   agent serve PATH [dhcp-script]
//                       counts every frame that arrives on any Ethernet device and answers requests
//                       on PATH: a virtio-serial port, or a Unix socket that it creates. With a
//                       script it brings up each device that appears and runs a DHCP client on it.
//   agent vlan CABLE TAG DEVICE
//                       makes DEVICE, a tap that is one VLAN of CABLE: frames written to it leave
//                       tagged, tagged frames of the cable arrive on it. In place of the kernel's
//                       8021q, which not every kernel of a test machine has.
//   agent flood TAP MAC OTHER-TAP OTHER-MAC RESULT PAUSE
//                       makes TAP, the port of a guest with this MAC that sends broadcasts as fast
//                       as it can, and counts what passes between it and the guest on OTHER-TAP:
//                       frames of OTHER-MAC that arrive here, and frames of MAC that the bridge
//                       sends out there. At SIGTERM it writes "SENT ARRIVED DEPARTED LOST".
//
// Requests are lines, "ID COMMAND ARGUMENTS"; an answer is "ID STATUS LENGTH" and LENGTH bytes.
//   hello                                 -
//   nics                                  lines "NAME MAC LEASE", where LEASE is an address or "-"
//   counts                                lines "MAC SOURCE KIND DESTINATION COUNT", then "dropped N"
//   ping MILLIS NAME=ADDRESS ...          lines "NAME=ADDRESS" of those that answered
//   send NAME TIMES HEXFRAME              -
//   flood NAME MILLIS PAUSE               - (broadcasts for so long, meanwhile, so many microseconds
//                                           apart; 0 is as fast as it can)
//   renew                                 - (every DHCP client starts over)
//   run MILLIS COMMAND                    the command's output; STATUS is its exit code

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_NICS 64
#define MAX_ROWS 8192
#define MAX_LINE 65536
#define MAX_TARGETS 256

struct nic {
  int index;
  char name[IF_NAMESIZE];
  unsigned char mac[ETH_ALEN];
  pid_t dhcp;
};

struct row {
  unsigned char mac[ETH_ALEN];     // the NIC that received
  unsigned char source[ETH_ALEN];  // the Ethernet source address
  const char *kind;
  const char *destination;
  unsigned long count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct nic nics[MAX_NICS];
static int nic_count;
static struct row rows[MAX_ROWS];
static int row_count;
static unsigned long dropped;
static int sniffer;
static const char *dhcp_script;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000L + t.tv_nsec / 1000000L;
}

// ---- answers ------------------------------------------------------------------------------------

struct text {
  char *bytes;
  size_t length, capacity;
};

static void append(struct text *text, const char *bytes, size_t length) {
  if (text->length + length + 1 > text->capacity) {
    text->capacity = (text->length + length + 1) * 2;
    text->bytes = realloc(text->bytes, text->capacity);
    if (text->bytes == NULL) die("realloc");
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = 0;
}

__attribute__((format(printf, 2, 3))) static void print(struct text *text, const char *format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  append(text, line, length < (int)sizeof line ? length : (int)sizeof line - 1);
}

static const char *mac_text(const unsigned char *mac, char *buffer) {
  sprintf(buffer, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  return buffer;
}

// ---- receiving ---------------------------------------------------------------------------------

// Receives a frame of others and tells its tag, or -1: the kernel takes the tag out of the frame
// (packet(7)). Returns 0 for a frame this machine sent itself, -1 if none is there.
static int receive(int fd, unsigned char *frame, int size, struct sockaddr_ll *from, int *tag) {
  char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
  struct iovec vector = {frame, size};
  struct msghdr message = {.msg_name = from,
                           .msg_namelen = sizeof *from,
                           .msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  int length = recvmsg(fd, &message, MSG_DONTWAIT);
  *tag = -1;
  if (length < 0) return errno == EAGAIN ? -1 : 0;
  if (length == 0 || from->sll_pkttype == PACKET_OUTGOING) return 0;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c))
    if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
      struct tpacket_auxdata data;
      memcpy(&data, CMSG_DATA(c), sizeof data);
      if (data.tp_status & TP_STATUS_VLAN_VALID) *tag = data.tp_vlan_tci;
    }
  return length;
}

// ---- counting -----------------------------------------------------------------------------------

static const char *kind_of(const unsigned char *frame, int length, int tagged) {
  if (tagged) return "vlan";
  if (length < ETH_HLEN) return "other";
  switch (frame[12] << 8 | frame[13]) {
    case ETHERTYPE_VLAN:
    case 0x88a8:
      return "vlan";
    case ETHERTYPE_ARP:
      return "arp";
    case ETHERTYPE_IP:
      return "ipv4";
    case ETHERTYPE_IPV6: {
      // Neighbour discovery: ICMPv6 types 133 to 137 (RFC 4861, section 4).
      int nd = length > ETH_HLEN + 40 && frame[ETH_HLEN + 6] == IPPROTO_ICMPV6 &&
               frame[ETH_HLEN + 40] >= ND_ROUTER_SOLICIT && frame[ETH_HLEN + 40] <= ND_REDIRECT;
      return nd ? "nd" : "ipv6";
    }
    default:
      return "other";
  }
}

static const char *destination_of(int packet_type) {
  switch (packet_type) {
    case PACKET_HOST:
      return "me";
    case PACKET_BROADCAST:
      return "broadcast";
    case PACKET_MULTICAST:
      return "multicast";
    default:
      return "someone-else";
  }
}

static void count(const struct nic *nic, const unsigned char *source, const char *kind,
                  const char *destination) {
  for (int i = 0; i < row_count; i++) {
    struct row *row = &rows[i];
    if (row->kind == kind && row->destination == destination &&
        memcmp(row->source, source, ETH_ALEN) == 0 && memcmp(row->mac, nic->mac, ETH_ALEN) == 0) {
      row->count++;
      return;
    }
  }
  if (row_count == MAX_ROWS) {
    dropped++;  // A frame that is not told apart must not vanish: the lab refuses such counts.
    return;
  }
  struct row *row = &rows[row_count++];
  memcpy(row->mac, nic->mac, ETH_ALEN);
  memcpy(row->source, source, ETH_ALEN);
  row->kind = kind;
  row->destination = destination;
  row->count = 1;
}

static struct nic *nic_by_index(int index) {
  for (int i = 0; i < nic_count; i++)
    if (nics[i].index == index) return &nics[i];
  return NULL;
}

// Counts every frame that has arrived so far. The lock is held from before a frame is taken until
// it is counted: whoever holds the lock after this call misses no frame that was there before it.
static void count_arrived(void) {
  unsigned char frame[256];
  struct sockaddr_ll from;
  int length, tag;
  while ((length = receive(sniffer, frame, sizeof frame, &from, &tag)) >= 0) {
    if (length < 2 * ETH_ALEN) continue;
    struct nic *nic = nic_by_index(from.sll_ifindex);
    if (nic != NULL)
      count(nic, frame + ETH_ALEN, kind_of(frame, length, tag >= 0), destination_of(from.sll_pkttype));
  }
}

__attribute__((noreturn)) static void *sniff(void *unused) {
  (void)unused;
  struct pollfd arrived = {.fd = sniffer, .events = POLLIN};
  for (;;) {
    poll(&arrived, 1, -1);
    pthread_mutex_lock(&lock);
    count_arrived();
    pthread_mutex_unlock(&lock);
  }
}

static void counts(struct text *answer) {
  struct tpacket_stats statistics;
  socklen_t size = sizeof statistics;
  char mac[18], source[18];
  pthread_mutex_lock(&lock);
  count_arrived();
  // Reading the statistics clears them in the kernel (packet(7)).
  if (getsockopt(sniffer, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0)
    dropped += statistics.tp_drops;
  for (int i = 0; i < row_count; i++)
    print(answer, "%s %s %s %s %lu\n", mac_text(rows[i].mac, mac), mac_text(rows[i].source, source),
          rows[i].kind, rows[i].destination, rows[i].count);
  print(answer, "dropped %lu\n", dropped);
  pthread_mutex_unlock(&lock);
}

// ---- NICs ---------------------------------------------------------------------------------------

static pid_t start_dhcp(const char *name) {
  pid_t pid = fork();
  if (pid == 0) {
    execlp("busybox", "udhcpc", "-f", "-i", name, "-s", dhcp_script, "-t", "5", "-T", "1", "-A", "1",
           NULL);
    _exit(127);
  }
  return pid;
}

static void adopt(int socket_fd, int index, const char *name) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IF_NAMESIZE - 1);
  if (ioctl(socket_fd, SIOCGIFHWADDR, &request) < 0 ||
      request.ifr_hwaddr.sa_family != ARPHRD_ETHER || nic_count == MAX_NICS)
    return;
  struct nic *nic = &nics[nic_count++];
  memset(nic, 0, sizeof *nic);
  nic->index = index;
  strncpy(nic->name, name, IF_NAMESIZE - 1);
  memcpy(nic->mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
  // Frames for other addresses count too: a flooded unknown unicast is a leak like any other.
  struct packet_mreq promiscuous = {.mr_ifindex = index, .mr_type = PACKET_MR_PROMISC};
  setsockopt(sniffer, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous);
  if (dhcp_script == NULL) return;
  ioctl(socket_fd, SIOCGIFFLAGS, &request);
  request.ifr_flags |= IFF_UP;
  ioctl(socket_fd, SIOCSIFFLAGS, &request);
  nic->dhcp = start_dhcp(name);
}

static void forget(int position) {
  if (nics[position].dhcp > 0) kill(nics[position].dhcp, SIGKILL);
  nics[position] = nics[--nic_count];
}

// Compares the devices that exist with those known; both hot-plug and boot come this way.
static void scan(int socket_fd) {
  struct if_nameindex *present = if_nameindex();
  if (present == NULL) return;
  pthread_mutex_lock(&lock);
  for (int i = nic_count - 1; i >= 0; i--) {
    int found = 0;
    for (struct if_nameindex *p = present; p->if_index != 0; p++)
      found |= (int)p->if_index == nics[i].index;
    if (!found) forget(i);
  }
  for (struct if_nameindex *p = present; p->if_index != 0; p++)
    if (nic_by_index(p->if_index) == NULL) adopt(socket_fd, p->if_index, p->if_name);
  pthread_mutex_unlock(&lock);
  if_freenameindex(present);
}

__attribute__((noreturn)) static void *watch_links(void *unused) {
  (void)unused;
  char buffer[16384];
  int socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
  int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
  if (socket_fd < 0 || netlink < 0 || bind(netlink, (struct sockaddr *)&address, sizeof address) < 0)
    die("netlink");
  for (;;) {
    scan(socket_fd);
    if (recv(netlink, buffer, sizeof buffer, 0) < 0 && errno != EINTR && errno != ENOBUFS)
      die("netlink");
  }
}

// The address that dhcp-event.sh recorded for a device.
static const char *lease_of(const char *name, char *buffer) {
  char path[64];
  snprintf(path, sizeof path, "/run/lease.%s", name);
  FILE *file = fopen(path, "r");
  int found = file != NULL && fscanf(file, "%15[0-9.]", buffer) == 1;
  if (file != NULL) fclose(file);
  return found ? buffer : "-";
}

static void list_nics(struct text *answer) {
  char mac[18], lease[16];
  pthread_mutex_lock(&lock);
  for (int i = 0; i < nic_count; i++)
    print(answer, "%s %s %s\n", nics[i].name, mac_text(nics[i].mac, mac),
          lease_of(nics[i].name, lease));
  pthread_mutex_unlock(&lock);
}

static void renew(void) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < nic_count; i++)
    if (nics[i].dhcp > 0) {
      kill(nics[i].dhcp, SIGKILL);
      waitpid(nics[i].dhcp, NULL, 0);
      nics[i].dhcp = start_dhcp(nics[i].name);
    }
  pthread_mutex_unlock(&lock);
}

// ---- traffic ------------------------------------------------------------------------------------

static int send_frames(char *arguments) {
  char *save = NULL;
  char *name = strtok_r(arguments, " ", &save);
  char *times = strtok_r(NULL, " ", &save);
  char *hex = strtok_r(NULL, " ", &save);
  unsigned char frame[MAX_LINE / 2];
  int length = 0, status = 0;
  if (name == NULL || times == NULL || hex == NULL) return 2;
  for (; hex[0] && hex[1]; hex += 2) {
    unsigned int byte;
    if (sscanf(hex, "%2x", &byte) != 1) return 2;
    frame[length++] = byte;
  }
  int fd = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(name)};
  for (int i = atoi(times); i > 0; i--)
    if (sendto(fd, frame, length, 0, (struct sockaddr *)&to, sizeof to) != length) status = 1;
  close(fd);
  return status;
}

// A broadcast of an EtherType for experiments (IEEE 802, 0x88b5), with this source.
static int flood_frame(unsigned char *frame, const unsigned char *mac) {
  memset(frame, 0, 60);
  memset(frame, 0xff, ETH_ALEN);
  memcpy(frame + ETH_ALEN, mac, ETH_ALEN);
  frame[12] = 0x88;
  frame[13] = 0xb5;
  return 60;
}

struct burst {
  int fd, length;
  useconds_t pause;
  long end;
  unsigned char frame[60];
};

static void *send_burst(void *argument) {
  struct burst *burst = argument;
  while (now_ms() < burst->end)
    for (int i = 0; i < 64; i++) {
      if (send(burst->fd, burst->frame, burst->length, 0) < 0) usleep(100);
      if (burst->pause > 0) usleep(burst->pause);
    }
  close(burst->fd);
  free(burst);
  return NULL;
}

static int flood_from(char *arguments) {
  char *save = NULL;
  char *name = strtok_r(arguments, " ", &save);
  char *millis = strtok_r(NULL, " ", &save);
  char *pause = strtok_r(NULL, " ", &save);
  struct ifreq request = {0};
  struct burst *burst = calloc(1, sizeof *burst);
  pthread_t thread;
  if (pause == NULL || burst == NULL) return 2;
  strncpy(request.ifr_name, name, IF_NAMESIZE - 1);
  burst->fd = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll from = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(name)};
  if (ioctl(burst->fd, SIOCGIFHWADDR, &request) < 0 ||
      bind(burst->fd, (struct sockaddr *)&from, sizeof from) < 0)
    return 1;
  burst->length = flood_frame(burst->frame, (unsigned char *)request.ifr_hwaddr.sa_data);
  burst->pause = atol(pause);
  burst->end = now_ms() + atol(millis);
  if (pthread_create(&thread, NULL, send_burst, burst) != 0) return 1;
  pthread_detach(thread);
  return 0;
}

static unsigned short checksum(const void *data, int length) {
  const unsigned short *words = data;
  unsigned int sum = 0;
  for (; length > 1; length -= 2) sum += *words++;
  sum = (sum >> 16) + (sum & 0xffff);
  return ~(sum + (sum >> 16));
}

struct target {
  char *text;
  int fd;
  int answered;
};

static int ping(char *arguments, struct text *answer) {
  struct target targets[MAX_TARGETS];
  struct pollfd polls[MAX_TARGETS];
  int total = 0, waiting = 0;
  char *save = NULL;
  char *millis = strtok_r(arguments, " ", &save);
  if (millis == NULL) return 2;
  static unsigned short id;
  id += 1 + getpid();
  for (char *word; (word = strtok_r(NULL, " ", &save)) != NULL && total < MAX_TARGETS; total++) {
    struct target *target = &targets[total];
    char *separator = strchr(word, '=');
    if (separator == NULL) return 2;
    struct sockaddr_in to = {.sin_family = AF_INET};
    *separator = 0;
    target->answered = inet_aton(separator + 1, &to.sin_addr) == 0;
    target->fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP);
    // A device that is gone, or has no address yet, answers nothing: that is the truth to report.
    setsockopt(target->fd, SOL_SOCKET, SO_BINDTODEVICE, word, strlen(word) + 1);
    int unreachable = connect(target->fd, (struct sockaddr *)&to, sizeof to);
    (void)unreachable;
    *separator = '=';
    target->text = word;
    polls[total] = (struct pollfd){target->fd, POLLIN, 0};
    waiting++;
  }
  long end = now_ms() + atol(millis), next = 0;
  for (unsigned short sequence = 0; waiting > 0 && now_ms() < end;) {
    if (now_ms() >= next) {
      sequence++;
      for (int i = 0; i < total; i++) {
        if (targets[i].answered) continue;
        struct icmphdr echo = {.type = ICMP_ECHO};
        echo.un.echo.id = htons(id);
        echo.un.echo.sequence = htons(sequence);
        echo.checksum = checksum(&echo, sizeof echo);
        if (send(targets[i].fd, &echo, sizeof echo, 0) < 0) continue;
      }
      next = now_ms() + 200;
    }
    poll(polls, total, 20);
    for (int i = 0; i < total; i++) {
      unsigned char packet[2048];
      int length;
      while ((length = recv(targets[i].fd, packet, sizeof packet, 0)) > 0) {
        int header = (packet[0] & 15) * 4;
        struct icmphdr echo;
        if (length < header + (int)sizeof echo) continue;
        memcpy(&echo, packet + header, sizeof echo);
        if (targets[i].answered || echo.type != ICMP_ECHOREPLY || ntohs(echo.un.echo.id) != id)
          continue;
        targets[i].answered = 1;
        waiting--;
        print(answer, "%s\n", targets[i].text);
      }
    }
  }
  for (int i = 0; i < total; i++) close(targets[i].fd);
  return 0;
}

static int run(char *arguments, struct text *answer) {
  char *command = strchr(arguments, ' ');
  if (command == NULL) return 2;
  long end = now_ms() + atol(arguments);
  int output[2];
  if (pipe2(output, O_CLOEXEC) < 0) return 1;
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    dup2(output[1], 1);
    dup2(output[1], 2);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    execlp("sh", "sh", "-c", command + 1, NULL);
    _exit(127);
  }
  close(output[1]);
  int status = 0, ended = 0;
  for (;;) {
    char buffer[4096];
    struct pollfd p = {output[0], POLLIN, 0};
    if (poll(&p, 1, 10) > 0) {
      int length = read(output[0], buffer, sizeof buffer);
      if (length > 0) {
        append(answer, buffer, length);
        continue;
      }
    }
    // A background job may hold the pipe open: what counts is the end of the command itself.
    if (ended) break;
    if (waitpid(pid, &status, WNOHANG) == pid) ended = 1;
    if (!ended && now_ms() > end) {
      kill(-pid, SIGKILL);
      waitpid(pid, &status, 0);
      ended = 1;
    }
  }
  close(output[0]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// ---- requests -----------------------------------------------------------------------------------

static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) {
      usleep(1000);
      continue;
    }
    if (written <= 0) return -1;
    bytes += written;
    length -= written;
  }
  return 0;
}

static int answer_line(int fd, char *line) {
  char *command = strchr(line, ' ');
  if (command == NULL) return 0;
  *command++ = 0;
  char *arguments = strchr(command, ' ');
  if (arguments != NULL) *arguments++ = 0;
  char none[1] = "";
  if (arguments == NULL) arguments = none;
  struct text answer = {0};
  append(&answer, "", 0);
  int status = 0;
  if (strcmp(command, "hello") == 0) {
  } else if (strcmp(command, "nics") == 0) {
    list_nics(&answer);
  } else if (strcmp(command, "counts") == 0) {
    counts(&answer);
  } else if (strcmp(command, "ping") == 0) {
    status = ping(arguments, &answer);
  } else if (strcmp(command, "send") == 0) {
    status = send_frames(arguments);
  } else if (strcmp(command, "flood") == 0) {
    status = flood_from(arguments);
  } else if (strcmp(command, "renew") == 0) {
    renew();
  } else if (strcmp(command, "run") == 0) {
    status = run(arguments, &answer);
  } else {
    status = 2;
    print(&answer, "unknown command %s\n", command);
  }
  char head[128];
  int length = snprintf(head, sizeof head, "%s %d %zu\n", line, status, answer.length);
  int failed = write_all(fd, head, length) < 0 || write_all(fd, answer.bytes, answer.length) < 0;
  free(answer.bytes);
  return failed ? -1 : 0;
}

// Answers requests until the other side goes away.
static void converse(int fd) {
  static char line[MAX_LINE];
  size_t length = 0;
  for (;;) {
    ssize_t got = read(fd, line + length, sizeof line - 1 - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    length += got;
    char *end;
    while ((end = memchr(line, '\n', length)) != NULL) {
      *end = 0;
      if (answer_line(fd, line) < 0) return;
      length -= end + 1 - line;
      memmove(line, end + 1, length);
    }
    if (length == sizeof line - 1) return;
  }
}

__attribute__((noreturn)) static void serve(const char *path) {
  sniffer = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  if (sniffer < 0) die("packet socket");
  int size = 8 << 20, on = 1;
  setsockopt(sniffer, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(sniffer, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
  pthread_t thread;
  pthread_create(&thread, NULL, sniff, NULL);
  pthread_create(&thread, NULL, watch_links, NULL);
  struct stat status;
  if (stat(path, &status) == 0 && S_ISCHR(status.st_mode)) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) die(path);
    for (;;) {
      converse(fd);  // The port reads as ended whenever the host's side is not connected.
      usleep(20000);
    }
  }
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 8) < 0)
    die(path);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) continue;
    converse(fd);
    close(fd);
  }
}

// ---- VLAN ---------------------------------------------------------------------------------------

static int open_tap(const char *name) {
  int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  strncpy(request.ifr_name, name, IF_NAMESIZE - 1);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0) die(name);
  return tap;
}

static int vlan(const char *cable, int tag, const char *device) {
  unsigned char frame[65536];
  int on = 1;
  int wire = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = if_nametoindex(cable)};
  struct packet_mreq promiscuous = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
  setsockopt(wire, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
  if (bind(wire, (struct sockaddr *)&address, sizeof address) < 0 ||
      setsockopt(wire, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) < 0)
    die(cable);
  int tap = open_tap(device);
  while (if_nametoindex(cable) != 0) {
    struct pollfd polls[] = {{wire, POLLIN, 0}, {tap, POLLIN, 0}};
    poll(polls, 2, 1000);
    if (polls[0].revents) {
      struct sockaddr_ll from;
      int found, length = receive(wire, frame, sizeof frame, &from, &found);
      if (length > 0 && found >= 0 && (found & 0xfff) == tag && write(tap, frame, length) < 0)
        continue;  // The tap is down: so is the VLAN.
    }
    if (polls[1].revents & POLLIN) {
      int length = read(tap, frame + 4, sizeof frame - 4);
      if (length < ETH_HLEN) continue;
      memmove(frame, frame + 4, 2 * ETH_ALEN);
      frame[12] = 0x81;
      frame[13] = 0;
      frame[14] = tag >> 8;
      frame[15] = tag & 0xff;
      if (send(wire, frame, length + 4, 0) < 0) continue;  // The cable is down.
    }
  }
  return 0;
}

// ---- flood --------------------------------------------------------------------------------------

static int parse_mac(const char *text, unsigned char *mac) {
  return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4,
                mac + 5) == ETH_ALEN;
}

struct flood {
  int tap, sniffer;
  useconds_t pause;
  unsigned char mac[ETH_ALEN], other[ETH_ALEN];
  unsigned long sent, arrived, departed;
};

static void *flood_send(void *argument) {
  struct flood *flood = argument;
  unsigned char frame[60];
  int length = flood_frame(frame, flood->mac);
  for (;;) {
    if (write(flood->tap, frame, length) == length)
      flood->sent++;
    else
      usleep(1000);  // The tap is down, or on no bridge yet.
    if (flood->pause > 0) usleep(flood->pause);
  }
  return NULL;
}

static void *flood_receive(void *argument) {
  struct flood *flood = argument;
  unsigned char frame[2048];
  for (;;) {
    int length = read(flood->tap, frame, sizeof frame);
    if (length < 0) usleep(1000);
    if (length >= ETH_HLEN && memcmp(frame + ETH_ALEN, flood->other, ETH_ALEN) == 0)
      flood->arrived++;
  }
  return NULL;
}

// The kernel hands over nothing but what the bridge sends out of the other port with our source.
static int sniff_departures(const char *device, const unsigned char *mac) {
  unsigned int high = mac[0] << 24 | mac[1] << 16 | mac[2] << 8 | mac[3], low = mac[4] << 8 | mac[5];
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ETH_ALEN),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 3),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, ETH_ALEN + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, ETH_HLEN),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), size = 8 << 20;
  struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = if_nametoindex(device)};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ||
      bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
    die(device);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  return fd;
}

static void *flood_sniff(void *argument) {
  struct flood *flood = argument;
  unsigned char frame[ETH_HLEN];
  while (recv(flood->sniffer, frame, sizeof frame, 0) >= 0) flood->departed++;
  return NULL;
}

static int flood(char **arguments) {
  static struct flood flood;
  sigset_t end;
  pthread_t thread;
  int signal_number;
  if (!parse_mac(arguments[1], flood.mac) || !parse_mac(arguments[3], flood.other)) return 2;
  flood.pause = atol(arguments[5]);
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, NULL);
  flood.tap = open_tap(arguments[0]);
  flood.sniffer = sniff_departures(arguments[2], flood.mac);
  pthread_create(&thread, NULL, flood_sniff, &flood);
  pthread_create(&thread, NULL, flood_receive, &flood);
  pthread_create(&thread, NULL, flood_send, &flood);
  sigwait(&end, &signal_number);
  struct tpacket_stats statistics = {0};
  socklen_t size = sizeof statistics;
  getsockopt(flood.sniffer, SOL_PACKET, PACKET_STATISTICS, &statistics, &size);
  usleep(100000);  // What the sockets still hold is counted.
  char fresh[256];
  snprintf(fresh, sizeof fresh, "%s.new", arguments[4]);
  FILE *result = fopen(fresh, "w");
  if (result == NULL) die(fresh);
  fprintf(result, "%lu %lu %lu %u\n", flood.sent, flood.arrived, flood.departed,
          statistics.tp_drops);
  fclose(result);
  return rename(fresh, arguments[4]) == 0 ? 0 : 1;
}

// ---- namespaces ---------------------------------------------------------------------------------

static void reap(int signal) {
  (void)signal;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
}

static int hold(void) {
  char buffer[64];
  struct sigaction action = {.sa_handler = reap, .sa_flags = SA_RESTART};
  sigaction(SIGCHLD, &action, NULL);
  puts("ready");
  fflush(stdout);
  while (read(0, buffer, sizeof buffer) > 0) {
  }
  return 0;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc == 2 && strcmp(argv[1], "hold") == 0) return hold();
  if (argc >= 3 && strcmp(argv[1], "serve") == 0) {
    dhcp_script = argc > 3 ? argv[3] : NULL;
    serve(argv[2]);
  }
  if (argc == 5 && strcmp(argv[1], "vlan") == 0) return vlan(argv[2], atoi(argv[3]), argv[4]);
  if (argc == 8 && strcmp(argv[1], "flood") == 0) return flood(argv + 2);
  fprintf(stderr, "usage: agent hold | agent vlan CABLE TAG DEVICE | agent serve PATH [DHCP-SCRIPT]"
                  " | agent flood TAP MAC OTHER-TAP OTHER-MAC RESULT PAUSE\n");
  return 2;
}
